package rill.bench.program;

import java.util.List;

/**
 * A client of Redis or HTTP to be measured by its GETs. To add a competitor, implement this with a public constructor without parameters, and name
 * the class in {@code Contenders}.
 */
public interface Gets {
    /** Connects to 127.0.0.1; {@code options} come from the benchmark and the list of contenders. */
    void connect(int port, List<String> options) throws Exception;

    /**
     * Sends a GET of {@code key}, a Redis key or a path. Calls {@code answer} when the answer arrives, on whatever thread the client uses for
     * callbacks. Called from such a callback, or from outside.
     */
    void get(String key, Answer answer);

    /** Runs {@code action} on the thread that the client uses for callbacks. */
    void onLoop(Runnable action);

    /** Receives an answer. */
    @FunctionalInterface
    interface Answer {
        /** Receives the value's length in bytes, or the failure of the call. */
        void done(int length, @org.jspecify.annotations.Nullable Throwable failure);
    }
}
