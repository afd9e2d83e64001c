package rill;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The pull form of receiving: decodes only on demand. As a Consumer it takes back messages that nobody took. */
final class Pulling<R> implements Receiver<R>, Consumer<@Nullable R>, Offer.OpenEnded, Purpose {
    private static final int FEW = 16;

    private final Link link;
    private final ArrayDeque<Promise<@Nullable R>> waiting = new ArrayDeque<>(2);
    private int sweepAt = FEW;
    private boolean ended;
    private boolean closed;
    private boolean deserted;
    private boolean causeTold; // to a receive(), or will be by the next
    private @Nullable Promise<@Nullable R> failed; // the failure, for the next receive(); reported if there is none
    private @Nullable Promise<@Nullable R> last; // the last one given a message, until its callbacks have run
    private @Nullable ArrayDeque<R> kept; // messages for a receive() that was given up; null if there are none

    Pulling(Link link) {
        this.link = link;
    }

    Future<@Nullable R> receive() {
        Promise<@Nullable R> next = new Offer<>(link.loop(), this);
        if (kept == null && (closed || ended)) {
            return afterEnd(next);
        }
        addWaiting(next);
        if (kept != null && (ended || lastIsTold())) {
            handOut();
        } else if (link.loop().isCurrent() && lastIsTold()) {
            link.decode();
        } else {
            link.inbound().later(); // when the loop is driven, and the one before has been notified
        }
        return next;
    }

    @Override
    public String purpose() {
        return "receive of " + link;
    }

    private Future<@Nullable R> afterEnd(Promise<@Nullable R> next) {
        Promise<@Nullable R> failure = failed;
        if (failure != null) {
            failed = null; // reported once; afterwards it is merely closed
            return failure;
        }
        if (ended) {
            next.complete(null);
        } else {
            next.fail(new IOException("receive: " + link + " is closed"));
        }
        return next;
    }

    @Override
    public boolean wantsMessage() {
        dropCancelled();
        if (waiting.isEmpty()) {
            return false;
        }
        boolean wants = lastIsTold();
        if (wants && kept != null) {
            handOut();
            return wantsMessage();
        }
        if (!wants) {
            link.inbound().later(); // behind the one before
        }
        return wants;
    }

    /** Whether the last receive() was notified. Until then its message may return, and no other must overtake it. */
    private boolean lastIsTold() {
        if (last != null && last.isTold()) {
            last = null;
        }
        return last == null;
    }

    private void addWaiting(Promise<@Nullable R> next) {
        dropCancelled();
        if (waiting.size() >= sweepAt) { // many that were given up, behind one still waiting
            waiting.removeIf(Future::isDone);
            sweepAt = Math.max(FEW, 2 * waiting.size());
        }
        waiting.add(next);
    }

    private void dropCancelled() {
        while (!waiting.isEmpty() && waiting.getFirst().isDone()) {
            waiting.removeFirst();
        }
    }

    @Override
    public void message(R message) {
        if (!give(message)) {
            kept().addLast(message);
        }
    }

    /** Returns false if no receive() is waiting. */
    private boolean give(R message) {
        while (!waiting.isEmpty()) {
            Promise<@Nullable R> next = waiting.removeFirst();
            if (next.complete(message)) {
                last = next;
                return true;
            }
        }
        return false;
    }

    /** Passes the first returned message to a waiting receive(). */
    private void handOut() {
        ArrayDeque<R> back = kept();
        R first = back.removeFirst();
        if (!give(first)) {
            back.addFirst(first);
        } else if (back.isEmpty()) {
            kept = null;
        }
    }

    private ArrayDeque<R> kept() {
        ArrayDeque<R> back = kept;
        if (back == null) {
            back = new ArrayDeque<>(2);
            kept = back;
        }
        return back;
    }

    /** Takes back a message whose {@code receive()} was given up after it had arrived. It goes to the next one, before later messages. */
    @Override
    public void accept(@Nullable R message) {
        if (message == null) {
            return;
        }
        if (closed) {
            Messages.release(message);
            return;
        }
        kept().addFirst(message);
        dropCancelled();
        if (!waiting.isEmpty() && lastIsTold()) {
            handOut();
        }
    }

    @Override
    public void replaced() {
        closed = true;
        releaseKept();
        Throwable why = Each.cause(() -> new IllegalStateException("receive: " + link + " has another pipeline now"));
        Each.taken(waiting, link.loop(), "receive: ", link, each -> each.fail(why));
    }

    @Override
    public void ended() {
        ended = true;
        while (kept != null && !waiting.isEmpty()) {
            handOut();
        }
        Each.taken(waiting, link.loop(), "receive: ", link, Pulling::end);
    }

    private static <R> void end(Promise<@Nullable R> waiting) {
        waiting.complete(null);
    }

    @Override
    public void finish() {
        link.finishReceiving();
    }

    @Override
    public boolean closed(@Nullable Throwable cause) {
        closed = true;
        releaseKept();
        boolean[] told = {false};
        Throwable why = cause == null ? Each.cause(() -> new IOException("receive: " + link + " was closed")) : cause;
        Each.taken(waiting, link.loop(), "receive: ", link, each -> told[0] |= each.fail(why));
        if (!told[0] && cause != null && !ended && !deserted) {
            Promise<@Nullable R> untold = link.loop().promise();
            untold.fail(cause, link.toString());
            failed = untold;
            if (link.audience().tellsFailures()) {
                heardOf(); // by onFailure: not to be reported again if nobody receives
            }
            told[0] = true;
        }
        causeTold = told[0];
        return causeTold;
    }

    @Override
    public boolean deserted() {
        deserted = true;
        return causeTold;
    }

    @Override
    public void heardOf() {
        Promise<@Nullable R> untold = failed;
        if (untold != null) {
            untold.failure();
        }
    }

    private void releaseKept() {
        ArrayDeque<R> unwanted = kept;
        kept = null;
        if (unwanted != null) {
            unwanted.forEach(Messages::release);
        }
    }
}
