package rill.http;

import io.netty.buffer.ByteBuf;

/**
 * A piece of a body that was handed out.
 *
 * @param number the how manieth it is: where its place is if it comes back
 */
record Piece(long number, ByteBuf bytes) {}
