package rill.bench.program;

import java.util.List;

/**
 * A client to be measured, of Redis or of HTTP: what it does is GETs. To add a competitor, implement this with a public constructor without
 * parameters, and name the class in {@code Contenders}.
 */
public interface Gets {
    /** Connects to 127.0.0.1; {@code options} is what the benchmark and the list of contenders say. */
    void connect(int port, List<String> options) throws Exception;

    /**
     * Sends a GET of {@code key}, a key of Redis or a path. Calls {@code answer} once it is there, on whatever thread the client calls back on. Called
     * from such a callback, or from outside.
     */
    void get(String key, Answer answer);

    /** Runs {@code action} where the client calls back. */
    void onLoop(Runnable action);

    /** Takes an answer. */
    @FunctionalInterface
    interface Answer {
        /** The value's bytes; if the call failed, the message of that is the text of {@code failure}. */
        void done(int length, @org.jspecify.annotations.Nullable Throwable failure);
    }
}
