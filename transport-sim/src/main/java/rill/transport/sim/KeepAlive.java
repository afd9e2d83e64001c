package rill.transport.sim;

import java.time.Duration;

/** Asks a silent peer whether it lives, if the option is on; gives up after some questions without an answer. */
final class KeepAlive {
    boolean on;
    int idleSeconds = 7200;
    int intervalSeconds = 75;
    int most = 9;
    private final Agenda agenda;
    private final Runnable ask;
    private final Runnable giveUp;
    private final Timer timer;
    private boolean open;
    private long heard;
    private int unanswered;

    KeepAlive(Agenda agenda, Runnable ask, Runnable giveUp) {
        this.agenda = agenda;
        this.ask = ask;
        this.giveUp = giveUp;
        this.timer = new Timer(agenda, this::look);
    }

    void opened() {
        open = true;
        changed();
    }

    /** Something in the options is different. */
    void changed() {
        if (open && on) {
            timer.start(seconds(idleSeconds));
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
        if (quiet < seconds(idleSeconds)) {
            timer.start(seconds(idleSeconds) - quiet);
        } else if (unanswered == most) {
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
