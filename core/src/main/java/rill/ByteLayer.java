package rill;

import io.netty.buffer.ByteBuf;

/**
 * A layer between the wire and a codec that turns one stream of bytes into another, such as TLS. What it reads and writes has no
 * boundaries: the layer above puts it together as it would what comes from the wire.
 *
 * <p>The buffers that its sessions deliver are borrowed until the next call to {@link Session#decode}. Meanwhile
 * {@link Session#encode} may well be called (the receiver of a message may write an answer), so the two directions share no buffer.
 * Bytes that it does not change (after a header, or because it only counts them) it delivers as the buffer that it was given, and
 * writes as a retained slice, with {@link Outgoing#pass}.
 */
public interface ByteLayer extends Codec<ByteBuf, ByteBuf> {}
