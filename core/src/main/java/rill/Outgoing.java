package rill;

import io.netty.buffer.ByteBuf;

/**
 * Where a session writes bytes for the layer below. <b>Threading:</b> the loop, within the call it was passed to.
 */
public interface Outgoing {
    /**
     * Returns a buffer to append to, with at least this much writable space. It grows if more is written. Ask again before each message and after
     * each {@link #pass}. Only append to it.
     *
     * <p><b>Errors:</b> throws if there is no memory for it, as may a write of more than fits. Let the exception propagate: it is the failure of this
     * connection or of this one message.
     */
    ByteBuf buffer(int atLeast);

    /**
     * Appends a whole buffer's readable bytes, without copying if the buffer is large enough for that to pay.
     *
     * <p><b>Ownership:</b> takes one reference. To pass something borrowed (a message's payload), pass a retained slice.
     */
    void pass(ByteBuf payload);
}
