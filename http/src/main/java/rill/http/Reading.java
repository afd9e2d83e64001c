package rill.http;

import rill.Connection;

/**
 * Whether a server reads from a connection. On the loop.
 *
 * <pre>
 *  READING ◀── hold ──▶ PAUSED
 *     │  ▲
 *     │  └── HTTP continues after all
 *     └ the session has stopped after a request that may end HTTP here ──▶ STOPPED
 * </pre>
 */
final class Reading {
    private final Connection<?, ?> connection;
    private boolean paused;
    private boolean stopped;

    Reading(Connection<?, ?> connection) {
        this.connection = connection;
    }

    void hold(boolean pause) {
        if (stopped || pause == paused) {
            return;
        }
        paused = pause;
        if (pause) {
            connection.pause();
        } else {
            connection.resume();
        }
    }

    boolean isPaused() {
        return paused;
    }

    /** The session has stopped. */
    void stopped() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped;
    }

    void goOn() {
        stopped = false;
        paused = false;
        connection.resume();
    }
}
