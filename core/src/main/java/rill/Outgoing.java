package rill;

import io.netty.buffer.ByteBuf;

/**
 * Where a session writes bytes for the layer below. <b>Threading:</b> the loop, within the call it was passed to.
 */
public interface Outgoing {
    /**
     * A buffer to append to, with at least so much space. It grows if more is written. Ask again before each message and after
     * each {@link #pass}; only append.
     *
     * <p><b>Errors:</b> throws where there is no memory for it, as writing more than fits may do; let that through: it is the failure of this
     * connection or of this one message.
     */
    ByteBuf buffer(int atLeast);

    /**
     * Appends a whole buffer's readable bytes without copying, if it is large enough for that to pay.
     *
     * <p><b>Ownership:</b> takes one reference. To pass what is borrowed (a message's payload), pass a retained slice.
     */
    void pass(ByteBuf payload);
}
