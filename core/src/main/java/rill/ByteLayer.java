package rill;

import io.netty.buffer.ByteBuf;

/**
 * A layer between the wire and a codec that turns one stream of bytes into another, such as TLS. What it reads and writes has no
 * boundaries: the layer above puts it together as it would what comes from the wire.
 *
 * <p>The buffers that its sessions deliver are borrowed until the next call to the session.
 */
public interface ByteLayer extends Codec<ByteBuf, ByteBuf> {}
