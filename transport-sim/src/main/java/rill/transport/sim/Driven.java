package rill.transport.sim;

import java.io.IOException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import rill.spi.Drivable;
import rill.spi.simulation.PowerLoss;

/** A loop of a host, and when it next wants a tick. */
final class Driven {
    final Host host;
    final Drivable loop;
    final int number;
    private final SimSelector selector;
    private final Simulation simulation;
    private final Agenda agenda;
    private boolean queued;
    private @Nullable Wake wake; // for the next timer
    private @Nullable PowerLoss lostBy;
    private boolean heldUp;

    Driven(Simulation simulation, Agenda agenda, Host host, Drivable loop, SimSelector selector, int number) {
        this.simulation = simulation;
        this.agenda = agenda;
        this.host = host;
        this.loop = loop;
        this.selector = selector;
        this.number = number;
        selector.driven(this);
    }

    /** Asks for a tick before time moves on. */
    void hasWork() {
        if (!queued) {
            queued = true;
            simulation.steps().wantsTick(this);
        }
    }

    void tick() {
        queued = false;
        if (loop.isClosed()) {
            return;
        }
        boolean more = loop.tick();
        if (loop.isClosed()) {
            host.forget(this);
        } else if (more || selector.hasWork()) {
            hasWork();
        } else {
            planWake();
        }
    }

    private void planWake() {
        OptionalLong deadline = loop.nextTimer();
        if (deadline.isEmpty()) {
            return;
        }
        long time = host.clock.when(deadline.getAsLong());
        if (wake == null || time < wake.time) {
            wake = new Wake();
            agenda.at(time, wake);
        }
    }

    /** The moment when the next timer is due. */
    private final class Wake extends Event {
        @Override
        void happen() {
            if (wake != this) {
                return; // another wake was planned for an earlier time
            }
            wake = null;
            if (loop.isClosed()) {
                return;
            }
            OptionalLong deadline = loop.nextTimer();
            if (deadline.isPresent() && host.clock.nanoTime() - deadline.getAsLong() >= 0) {
                hasWork();
            } else {
                planWake(); // the timer was cancelled, or the host's clock runs slower now
            }
        }
    }

    /** Plans the wake again, because the host's clock runs at another rate now. */
    void clockChanged() {
        wake = null;
        planWake();
    }

    /** Prepares for closing: the simulation is over, and the loop is about to be closed in good order, within this many nanoseconds. */
    void closes(long limit) {
        agenda.fault(agenda.after(limit / 2), () -> heldUp = !loop.isClosed() && loop.connections() > 0);
    }

    /** Returns whether connections took more than half of the time for closing, so that Tasks were cancelled late, perhaps with no time left. */
    boolean heldUp() {
        return heldUp;
    }

    /** Ends the loop at once: the simulation is over, and the loop did not close in good order. */
    void breakWith(IOException cause) {
        selector.breakWith(cause);
        if (!loop.isClosed()) {
            try {
                loop.tick();
            } catch (RuntimeException expected) {
                // A loop whose selector is broken ends like this; everyone concerned was notified.
            }
        }
    }

    /** Ends the loop because its process is gone: nothing of it runs any more. */
    void lose(PowerLoss cause) {
        lostBy = cause;
        wake = null;
        selector.breakWith(cause);
        if (!loop.isClosed()) {
            loop.tick();
        }
        simulation.lost(this);
    }

    /** Returns how its process has ended; null if it lives, or the loop closed in good order. */
    @Nullable
    PowerLoss lostBy() {
        return lostBy;
    }

    /** Describes what it waits for. */
    String situation() {
        OptionalLong deadline = loop.isClosed() ? OptionalLong.empty() : loop.nextTimer();
        String timer = deadline.isEmpty()
                ? "no timer"
                : "next timer in " + (host.clock.when(deadline.getAsLong()) - agenda.now()) / 1_000_000.0 + " ms";
        var alive = new StringBuilder();
        if (!loop.isClosed()) {
            loop.alive().forEach(each -> alive.append("\n      ").append(each));
        }
        return "loop " + loop.name() + " of host " + host.name() + ": " + loop.connections() + " connections, " + timer
                + (queued ? ", has work" : "") + alive;
    }
}
