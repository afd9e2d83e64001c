package rill.transport.sim;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Probes a silent peer, if the option is on, and gives up after several probes without an answer. While anything is unacknowledged it does neither:
 * retransmission has its own way of giving up.
 *
 * <p><b>Source:</b> RFC 9293 (3.8.4); tcp(7).
 */
final class KeepAlive {
    boolean on;
    int idleSeconds = 7200;
    int intervalSeconds = 75;
    int most = 9;
    private final Agenda agenda;
    private final BooleanSupplier idle;
    private final Runnable ask;
    private final Runnable giveUp;
    private final Timer timer;
    private boolean open;
    private long heard;
    private int unanswered;

    /** @param idle returns whether everything written is acknowledged */
    KeepAlive(Agenda agenda, BooleanSupplier idle, Runnable ask, Runnable giveUp) {
        this.agenda = agenda;
        this.idle = idle;
        this.ask = ask;
        this.giveUp = giveUp;
        this.timer = new Timer(agenda, this::look);
    }

    void opened() {
        open = true;
        heard();
        changed();
    }

    /** Handles a change of the option, or of its idle time, which counts from when the peer was last heard. */
    void changed() {
        if (open && on) {
            timer.start(Math.max(0, seconds(idleSeconds) - (agenda.now() - heard)));
        } else {
            timer.stop();
        }
    }

    void heard() {
        heard = agenda.now();
        unanswered = 0;
    }

    private void look() {
        long quiet = agenda.now() - heard;
        if (!idle.getAsBoolean()) {
            timer.start(seconds(idleSeconds));
        } else if (quiet < seconds(idleSeconds)) {
            timer.start(seconds(idleSeconds) - quiet);
        } else if (unanswered >= most) {
            giveUp.run();
        } else {
            unanswered++;
            ask.run();
            timer.start(seconds(intervalSeconds));
        }
    }

    void stop() {
        open = false;
        timer.stop();
    }

    private static long seconds(int n) {
        return Duration.ofSeconds(n).toNanos();
    }
}
