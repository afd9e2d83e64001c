package rill;

import io.netty.buffer.ByteBuf;

/**
 * A layer between the wire and a codec that turns one stream of bytes into another, such as TLS. The buffers that it reads and writes do not mark
 * boundaries: the layer above assembles them as it would the bytes from the wire.
 *
 * <p>The buffers that its sessions deliver are borrowed until the next call to {@link Session#decode}. Meanwhile {@link Session#encode} may be called
 * (the receiver of a message may write an answer), so the two directions share no buffer. Bytes that it does not change (after a header, or because
 * it only counts them) are delivered as the buffer that was passed in, and written as a retained slice, with {@link Outgoing#pass}.
 */
public interface ByteLayer extends Codec<ByteBuf, ByteBuf> {}
