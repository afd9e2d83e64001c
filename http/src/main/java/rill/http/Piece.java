package rill.http;

import io.netty.buffer.ByteBuf;

/**
 * A piece of a body that was handed out.
 *
 * @param number its position in the body, which it keeps if it is given back
 */
record Piece(long number, ByteBuf bytes) {}
