package rill.testkit.storm;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Loop;

/**
 * The pipeline of one end of a connection, and how it goes on with another one.
 *
 * <pre>
 *  this end:   ask ── BECOME ──▶ ┐                             ┌──▶ stops, becomes
 *  the other:                    └──▶ stops ── BECAME, becomes ┘
 * </pre>
 *
 * <p>From the asking on neither end writes anything else until it has become the other protocol.
 */
final class Becoming {
    private final End end;
    private final Run run;
    private volatile Pipes.Pipe pipe;
    private Pipes.@Nullable Reader reader;
    private Pipes.@Nullable Pipe next; // the pipeline that it goes on with
    private volatile boolean underWay; // to that one: nothing may be written meanwhile
    private volatile boolean asked; // ever
    private boolean inHandler; // that is done within the handler of a message

    Becoming(End end, Pipes.Pipe first) {
        this.end = end;
        this.run = end.run;
        this.pipe = first;
    }

    /** On the connection's loop: it has the first one. */
    void begin() {
        reader = pipe.reader(end.hooks);
    }

    Pipes.Pipe pipe() {
        return pipe;
    }

    /** The letters in what was received. */
    List<Letter> read(Object message) {
        return Objects.requireNonNull(reader).read(message);
    }

    boolean isUnderWay() {
        return underWay;
    }

    /** Whether it has gone on with another pipeline, or is about to. */
    boolean wasAsked() {
        return asked;
    }

    /** Asks the other end to go on with another pipeline, and does so once that has answered. */
    void ask(String wire, String top, String peersTop, boolean withinHandler) {
        End peer = end.peer();
        Loop loop = end.loop();
        if (peer == null || loop == null || !mayBecome() || !peer.becoming().mayBecome()) {
            return;
        }
        Pipes.Pipe mine = Pipes.of(wire, top, end.hooks, () -> end.hooks, pipe);
        if (!mine.keepsLayersOf(pipe)) {
            return; // what such a layer still has in it would be lost
        }
        next = mine;
        asked = true;
        Becoming other = peer.becoming();
        other.asked = true;
        other.next = Pipes.of(wire, peersTop, peer.hooks, () -> peer.hooks, other.pipe);
        inHandler = withinHandler;
        underWay = true;
        other.underWay = true;
        // After what threads outside have written already.
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

    /** The other end has asked for it. */
    void asAsked() {
        Connection<Object, Object> c = Objects.requireNonNull(end.connection());
        c.stop();
        run.onLoopLater(c.loop(), () -> {
            Ledger.Given answer = end.sending().write(Letter.Kind.BECAME, 0, 0, Step.Estimate.RIGHT);
            if (answer != null && answer.future.failure() != null) {
                end.aborted = true; // there is no room for it, and the other end waits
                c.abort();
            } else {
                become();
            }
        });
    }

    /** The other end, which this one had asked, has answered. */
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
