package rill.bench.program;

import java.util.List;

/**
 * A client to be measured, of Redis or of HTTP, which makes GETs. To add a competitor, implement this with a public constructor without parameters,
 * and name the class in {@code Contenders}.
 */
public interface Gets {
    /** Connects to 127.0.0.1; {@code options} comes from the benchmark and the list of contenders. */
    void connect(int port, List<String> options) throws Exception;

    /**
     * Sends a GET of {@code key}, a Redis key or a path. Calls {@code answer} once the answer is available, on whatever thread the client's callbacks
     * run. Called from such a callback, or from outside.
     */
    void get(String key, Answer answer);

    /** Runs {@code action} where the client's callbacks run. */
    void onLoop(Runnable action);

    /** Receives an answer. */
    @FunctionalInterface
    interface Answer {
        /** Delivers the length of the value in bytes or, if the call failed, its failure. */
        void done(int length, @org.jspecify.annotations.Nullable Throwable failure);
    }
}
