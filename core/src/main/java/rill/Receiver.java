package rill;

import org.jspecify.annotations.Nullable;

/** The receiver of a connection's messages: the pull form, the push form, a client, or the responder of a server. Called on the loop. */
interface Receiver<R> {
    /** Whether a message may be decoded now. Asked before each. */
    boolean wantsMessage();

    /** Receives a message that owns its content. An exception fails the connection. */
    void message(R message) throws ProtocolException;

    /** Whether the connection can go on after {@link #message} has thrown: not if it is then unknown which message belongs to what. */
    default boolean survives() {
        return true;
    }

    /** The peer has ended its stream and every message was delivered. */
    void ended();

    /**
     * The connection is gone, or has failed and is about to go.
     *
     * @param cause why, or null if it was closed gracefully
     * @return whether the cause was delivered to anyone
     */
    boolean closed(@Nullable Throwable cause);

    /** Another pipeline has taken over: no more messages will arrive. */
    default void replaced() {}

    /** The number of messages likely to be written together, after a read that decoded this many. */
    default int batch(int decoded) {
        return decoded;
    }

    /** A writer has received the failure that was passed to {@link #closed}, so it need not be reported again. */
    default void heardOf() {}

    /**
     * The user has stopped receiving: failures are no longer delivered through receiving.
     *
     * @return whether the cause of the end was delivered in this way
     */
    default boolean deserted() {
        return false;
    }

    /** An orderly close was requested: work in flight should be finished, then the connection closed. */
    void finish();

    /** A description of what is still unfinished, for the list of survivors. */
    default String unfinished() {
        return "";
    }
}
