package rill.testkit.storm;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.testkit.storm.Step.Form;
import rill.testkit.storm.Step.Place;
import rill.testkit.storm.Step.Wrap;

/**
 * The pending receives of one end of a connection, in the pull form. Of several, the first to ask is given the first message, though the second may
 * see its own earlier. On the loop.
 */
final class Receiving {
    private static final class Turn {
        private boolean over;
        private @Nullable Object message;
    }

    private final End end;
    private final Run run;
    private final ArrayDeque<Turn> turns = new ArrayDeque<>(0);
    private boolean draining;
    private int givenUp; // receives that ended without a message while later ones were pending

    Receiving(End end) {
        this.end = end;
        this.run = end.run;
    }

    int givenUp() {
        return givenUp;
    }

    /** Receives one letter. */
    Ledger.@Nullable Given receive(Wrap wrap, int millis) {
        Connection<Object, Object> c = end.connection();
        if (c == null || end.form != Form.PULL || draining) {
            return null;
        }
        if (wrap == Wrap.TASK) {
            Future<?> task = c.loop().task("receive", this::receiveAndAwait);
            Ledger.Given receiving = end.track(task, "a Task's receive");
            receiving.mayBeCancelled = true;
            return receiving;
        }
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(c, turn);
        Ledger.Given given = end.track(pending, "receive");
        if (wrap == Wrap.BARE) {
            pending.onDone((message, failure) -> outcome(turn, message, failure));
            return given;
        }
        given.mayBeCancelled = true;
        Future<?> wrapped = wrap == Wrap.MAP
                ? pending.map(message -> {
                    outcome(turn, message, null);
                    return Run.NOTHING;
                })
                : run.wrap(pending, wrap, millis, this::failed);
        long at = c.loop().nanoTime();
        boolean limited = wrap == Wrap.TIMEOUT || wrap == Wrap.ANY;
        wrapped.onDone((message, failure) -> {
            if (limited) {
                long limit = TimeUnit.MILLISECONDS.toNanos(millis);
                run.deadlines().isOver(c.loop(), at, limit, () -> wrap + " of a receive of " + end);
            }
            outcome(turn, message, failure);
        });
        Ledger.Given all = end.track(wrapped, wrap + " of receive");
        all.waitsForTime = wrap == Wrap.ANY;
        return all;
    }

    /** Receives a message; within a Task. */
    private @Nullable Object receiveAndAwait() throws IOException {
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(Objects.requireNonNull(end.connection()), turn);
        Object message;
        try {
            message = pending.await();
        } catch (IOException | RuntimeException e) {
            outcome(turn, null, e);
            throw e;
        }
        outcome(turn, message, null);
        return message == null ? null : Run.NOTHING;
    }

    /** Starts a Task that is cancelled and then receives: no message is delivered to it. */
    void receiveCancelled() {
        Connection<Object, Object> c = end.connection();
        if (c == null || end.form != Form.PULL) {
            return;
        }
        var task = new AtomicReference<@Nullable Future<?>>();
        Future<?> receiving = c.loop().task("cancelled", () -> {
            while (task.get() == null) {
                Thread.onSpinWait(); // set by the thread that has just started this Task
            }
            Objects.requireNonNull(task.get()).cancel();
            return receiveAndAwait();
        });
        task.set(receiving);
        end.track(receiving, "a cancelled Task's receive").mayBeCancelled = true;
    }

    /** The body of a Task that writes a letter for each one received. */
    @Nullable
    Object echo(int size) throws IOException {
        while (!draining) {
            if (receiveAndAwait() == null) {
                return null;
            }
            // An answer is not answered, and the other end does not answer this one: that would never end.
            Ledger.Given written = end.arrivals().lastIsAnswer() ? null : end.echo(size);
            if (written != null) {
                written.mayBeCancelled = true; // with the Task
                written.future.await();
            }
        }
        return null;
    }

    /** From now on receives everything that arrives. */
    void drain() {
        Connection<Object, Object> c = end.connection();
        if (c == null || end.form != Form.PULL) {
            return;
        }
        draining = true;
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(c, turn);
        pending.onDone((message, failure) -> {
            outcome(turn, message, failure);
            if (message != null) {
                drain();
            } else if (end.endSeen) {
                end.closedHere = true;
                c.close();
            }
        });
    }

    /** Receives. The turn was taken before, since a message delivered at once may lead to another receive. */
    private static Future<@Nullable Object> ask(Connection<Object, Object> c, Turn turn) {
        try {
            return c.receive();
        } catch (RuntimeException | Error e) {
            turn.over = true;
            throw e;
        }
    }

    private Turn takeTurn() {
        var turn = new Turn();
        turns.add(turn);
        return turn;
    }

    /**
     * The outcome of a receive, or of a Future derived from it: a message, null for the end of the stream, or {@link Run#NOTHING} if that is unknown.
     */
    private void outcome(Turn turn, @Nullable Object message, @Nullable Throwable failure) {
        if (turn.over) {
            return;
        }
        turn.over = true;
        if ((message == null || message == Run.NOTHING) && turns.peekLast() != turn) {
            givenUp++; // its message goes to another, though later messages may be delivered already
        }
        if (message != null && message != Run.NOTHING) {
            turn.message = message;
        } else if (failure != null) {
            failed(failure);
        } else if (message == null) {
            end.endSeen = true;
        }
        for (Turn first = turns.peek(); first != null && first.over; first = turns.peek()) {
            turns.remove();
            if (first.message != null) {
                end.message(first.message);
            }
        }
        run.userCode().at(message == null && failure == null ? Place.END : Place.CALLBACK, end);
    }

    private void failed(Throwable failure) {
        if (failure instanceof IOException && !(failure instanceof DeadlineException)) {
            end.failing().with(failure);
        } else {
            run.judge().of(failure, end + " was given for a letter");
        }
    }
}
