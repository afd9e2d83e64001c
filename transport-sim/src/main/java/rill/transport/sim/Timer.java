package rill.transport.sim;

import org.jspecify.annotations.Nullable;

/**
 * A deadline that moves often and is rarely reached, such as that of a retransmission. Postponing it costs nothing: if its event on the agenda
 * happens too early, it plans itself again.
 */
final class Timer {
    private static final long OFF = Long.MAX_VALUE;

    private final Agenda agenda;
    private final Runnable action;
    private long deadline = OFF;
    private @Nullable Wake wake;

    Timer(Agenda agenda, Runnable action) {
        this.agenda = agenda;
        this.action = action;
    }

    void start(long nanos) {
        deadline = agenda.now() + nanos;
        if (wake == null || wake.time > deadline) {
            plan();
        }
    }

    void startUnlessRunning(long nanos) {
        if (!running()) {
            start(nanos);
        }
    }

    boolean running() {
        return deadline != OFF;
    }

    void stop() {
        deadline = OFF;
    }

    private void plan() {
        wake = new Wake();
        agenda.at(deadline, wake);
    }

    private final class Wake extends Event {
        @Override
        void happen() {
            if (wake != this) {
                return; // another wake was planned for an earlier time
            }
            wake = null;
            if (deadline == OFF) {
                return;
            }
            if (deadline > time) {
                plan();
                return;
            }
            deadline = OFF;
            action.run();
        }
    }
}
