package rill;

import org.jspecify.annotations.Nullable;

/**
 * What receives the messages of a connection: the pull form, the push form, a client, or the responder of a server. Called on the loop.
 */
interface Receiver<R> {
    /** Whether a message may be decoded now. Asked before each. */
    boolean wantsMessage();

    /** A message that owns what it holds. What this throws fails the connection. */
    void message(R message) throws ProtocolException;

    /** The peer has ended its stream and every message was delivered. */
    void ended();

    /**
     * The connection is gone, or has failed and is about to go.
     *
     * @param cause why, or null if it was closed in good order
     * @return whether somebody was told of the cause
     */
    boolean closed(@Nullable Throwable cause);

    /** Another pipeline has taken over: no message will come any more. */
    default void replaced() {}

    /** How many messages are likely to be written in one go, after a read has brought this many. */
    default int batch(int decoded) {
        return decoded;
    }

    /** A writer has been told of the failure that {@link #closed} had told here. */
    default void heardOf() {}

    /**
     * The user has stopped receiving: nobody is to be told of a failure by receiving.
     *
     * @return whether somebody was told of the cause of the end in this way
     */
    default boolean deserted() {
        return false;
    }

    /** Closing in an orderly way has been asked for: whatever is in flight should be finished, then {@code close} called. */
    default void finish(Link link) {
        link.finishReceiving();
    }

    /** What is still unfinished, in words, for the list of survivors. */
    default String unfinished() {
        return "";
    }
}
