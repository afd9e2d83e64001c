package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Promise;

/**
 * Everything that one end of a connection has written, and what became of it. The letters that it writes on one thread, or loop, form a channel: they
 * have to arrive in order and without a gap.
 *
 * <p><b>Threading:</b> any.
 */
final class Sending {
    private record Sent(int number, @Nullable Future<?> future, boolean late) {
        boolean isRefused() {
            return future == null || (future.isDone() && future.failure() != null && !future.isCancelled());
        }
    }

    private final End end;
    private final Run run;
    private final List<List<Sent>> sent = new ArrayList<>(); // by channel; guarded by this
    private volatile long bytes; // of letters
    private int excused; // letters missing since the owner carried on after a failure; guarded by this
    private final List<Ledger.Given> awaited = new ArrayList<>(); // writes and flushes; guarded by this

    Sending(End end) {
        this.end = end;
        this.run = end.run;
        for (int i = 0; i < End.SOURCES; i++) {
            sent.add(new ArrayList<>());
        }
    }

    /** Writes one letter in the channel of the calling thread. */
    Ledger.@Nullable Given write(Letter.Kind kind, int size, int first, Step.Estimate estimate) {
        Connection<Object, Object> c = end.connection();
        if (c == null || (end.becoming().isUnderWay() && kind == Letter.Kind.LETTER)) {
            return null;
        }
        int source = run.loops().source(c.loop());
        Letter letter;
        synchronized (this) {
            int number = sent.get(source).size();
            letter = new Letter(kind, end.id * End.SOURCES + source, number, size, first, 0);
            sent.get(source).add(new Sent(number, c.closed(), end.outputEnds));
            bytes = bytes + letter.size();
        }
        letter.estimate = switch (estimate) {
            case RIGHT -> letter.size();
            case ZERO -> 0;
            case HUGE -> letter.size() * 10;
        };
        Object message = end.becoming().pipe().wrap(letter, run.ledger(), run.step());
        Future<?> written;
        try {
            written = c.write(message);
            if (run.has(Plant.KEEPS_WRITERS_WAITING) && !written.isDone()) {
                written = forgotten(c);
            }
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                sent.get(source).set(letter.number, new Sent(letter.number, null, true)); // the writer was notified
            }
            throw e;
        }
        synchronized (this) {
            sent.get(source).set(letter.number, new Sent(letter.number, written, end.outputEnds));
        }
        return awaits(written, "write(" + letter + ")");
    }

    /** Flushes. */
    Ledger.@Nullable Given flush() {
        Connection<Object, Object> c = end.connection();
        return c == null ? null : awaits(c.flush(), "flush");
    }

    private Ledger.Given awaits(Future<?> future, String what) {
        Ledger.Given given = end.track(future, what);
        synchronized (this) {
            awaited.add(given);
        }
        return given;
    }

    /** A writer that waits for room, and is not told that there is some. */
    private static Future<Object> forgotten(Connection<Object, Object> c) {
        Promise<Object> waits = c.loop().promise();
        c.closed().onDone((nothing, failure) -> waits.fail(new IOException("the connection is closed")));
        return waits;
    }

    /** Writes meaningless bytes. */
    void writeRubbish(int size) {
        Connection<Object, Object> c = end.connection();
        if (c != null && end.becoming().pipe().raw()) {
            end.rubbish = true;
            ByteBuf rubbish = Unpooled.buffer(size);
            for (int i = 0; i < size; i++) {
                rubbish.writeByte('0' + i * 7 % 75);
            }
            end.track(c.write(run.ledger().count(rubbish, "rubbish", run.step())), "rubbish");
        }
    }

    /**
     * Describes a write or a flush that is not done although everything has arrived, or that has failed although nothing has happened to the
     * connection; null if there is none.
     */
    synchronized @Nullable String unsettled() {
        for (Ledger.Given each : awaited) {
            if (!each.future.isDone()) {
                return each + " is not done, and everything that was written has arrived";
            }
            // Its failure is looked at only where it must have none: others are for the Reporter.
            boolean mayFail = each.mayBeCancelled || end.outputEnds || end.shut || end.isClosed();
            Throwable failure = mayFail ? null : each.future.failure();
            if (failure != null) {
                return each + " has failed, and nothing has happened to the connection: " + failure;
            }
        }
        return null;
    }

    /** Returns how many bytes of letters were written. */
    long bytes() {
        return bytes;
    }

    /** Whether a letter may be missing although later ones arrive. */
    synchronized boolean mayBeMissing(int source, int number) {
        if (sent.get(source).get(number).future == null) {
            return true; // it was refused by an exception
        }
        if (end.failing().carriedOn() == 0) {
            return false;
        }
        for (Sent each : sent.get(source)) {
            if (each.number == number && each.future != null && each.future.isDone() && each.future.failure() != null) {
                return true;
            }
        }
        // A write of another thread had already been accepted when its encoding failed.
        return source != 0 && ++excused <= end.failing().carriedOn();
    }

    /** Whether a write was refused because of the hard limit, regardless of who received the failure. */
    synchronized boolean wasTooMuch() {
        for (List<Sent> channel : sent) {
            for (Sent each : channel) {
                Throwable refusal = each.future == null || !each.future.isDone() ? null : each.future.failure();
                if (refusal != null && String.valueOf(refusal.getMessage()).contains("hard limit")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Describes a letter that has not arrived at the other end although it was not refused; null if there is none. */
    synchronized @Nullable String missingFrom(Arrivals arrivals) {
        String owed = arrivals.owed();
        if (owed != null) {
            return owed;
        }
        for (int source = 0; source < End.SOURCES; source++) {
            List<Sent> all = sent.get(source);
            for (int i = arrivals.expected(source); i < all.size(); i++) {
                Sent each = all.get(i);
                boolean raced =
                        (end.became() || end.failing().carriedOn() > 0) && source != 0; // or it was carried on without
                if (!each.isRefused() && !raced && !each.late) {
                    return "number " + i + " of channel " + (end.id * End.SOURCES + source) + ", of " + all.size()
                            + ", " + (each.future != null && each.future.isDone() ? "accepted" : "which waits");
                }
            }
        }
        return null;
    }
}
