package rill.testkit.storm;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Loop;

/**
 * The pipeline of one end of a connection, and its replacement by another one.
 *
 * <pre>
 *  this end:   ask ── BECOME ──▶ ┐                             ┌──▶ stops, becomes
 *  the other:                    └──▶ stops ── BECAME, becomes ┘
 * </pre>
 *
 * <p>Once one end has asked, neither writes anything else until it has switched to the new protocol.
 */
final class Becoming {
    private final End end;
    private final Run run;
    private volatile Pipes.Pipe pipe;
    private Pipes.@Nullable Reader reader;
    private Pipes.@Nullable Pipe next; // the pipeline that replaces the current one
    private volatile boolean underWay; // switching to next: nothing may be written meanwhile
    private volatile boolean asked; // ever
    private boolean inHandler; // the switch happens within the handler of a message

    Becoming(End end, Pipes.Pipe first) {
        this.end = end;
        this.run = end.run;
        this.pipe = first;
    }

    /** Starts reading with the first pipeline. On the connection's loop. */
    void begin() {
        reader = pipe.reader(end.hooks);
    }

    Pipes.Pipe pipe() {
        return pipe;
    }

    /** Returns the letters in a received message. */
    List<Letter> read(Object message) {
        return Objects.requireNonNull(reader).read(message);
    }

    boolean isUnderWay() {
        return underWay;
    }

    /** Whether this end has switched to another pipeline, or is about to. */
    boolean wasAsked() {
        return asked;
    }

    /** Asks the other end to switch to another pipeline; this end follows once the other has answered. */
    void ask(String wire, String top, String peersTop, boolean withinHandler) {
        End peer = end.peer();
        Loop loop = end.loop();
        if (peer == null || loop == null || !mayBecome() || !peer.becoming().mayBecome()) {
            return;
        }
        Pipes.Pipe mine = Pipes.of(wire, top, end.hooks, () -> end.hooks, pipe);
        if (!mine.keepsLayersOf(pipe)) {
            return; // bytes that such a layer still holds would be lost
        }
        next = mine;
        asked = true;
        Becoming other = peer.becoming();
        other.asked = true;
        other.next = Pipes.of(wire, peersTop, peer.hooks, () -> peer.hooks, other.pipe);
        inHandler = withinHandler;
        underWay = true;
        other.underWay = true;
        // Runs after writes that threads outside have made already.
        run.onLoop(Objects.requireNonNull(peer.loop()), () -> {});
        loop.execute(() -> end.sending().write(Letter.Kind.BECOME, 0, 0, Step.Estimate.RIGHT));
    }

    private boolean mayBecome() {
        return end.pushes()
                && !pipe.raw()
                && !pipe.readsAhead()
                && !underWay
                && !end.troubled()
                && !end.shut
                && !end.isClosed()
                && run.world().virtual();
    }

    /** The other end has asked for the switch. */
    void asAsked() {
        Connection<Object, Object> c = Objects.requireNonNull(end.connection());
        c.stop();
        run.onLoopLater(c.loop(), () -> {
            Ledger.Given answer = end.sending().write(Letter.Kind.BECAME, 0, 0, Step.Estimate.RIGHT);
            if (answer != null && answer.future.failure() != null) {
                end.aborted = true; // there is no room for the answer, and the other end waits for it
                c.abort();
            } else {
                become();
            }
        });
    }

    /** The other end has answered the request of this one. */
    void asAnswered() {
        Connection<Object, Object> c = Objects.requireNonNull(end.connection());
        c.stop();
        if (inHandler) {
            become();
        } else {
            run.onLoopLater(c.loop(), this::become);
        }
    }

    private void become() {
        Connection<Object, Object> c = Objects.requireNonNull(end.connection());
        Pipes.Pipe wanted = Objects.requireNonNull(next);
        run.attempt(() -> {
            Connection<Object, Object> fresh;
            try {
                fresh = c.become(wanted.pipeline);
            } catch (IllegalStateException e) {
                end.aborted = true; // a layer that holds something back does not let go
                c.abort();
                throw e;
            }
            pipe = wanted;
            reader = wanted.reader(end.hooks);
            end.goesOnAs(fresh);
            underWay = false;
            end.receiveFrom(fresh);
        });
    }
}
