package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Calls over a connection: {@link #call} sends a request and gives the Future of its answer.
 *
 * <p>Calls made within one tick leave together. A call that was cancelled or came too late leaves a tombstone that swallows its
 * answer, so that no answer ever reaches the wrong call.
 *
 * <p><b>Threading:</b> any thread. <b>Ownership:</b> a request's buffers are taken and released; an answer's belong to whoever
 * receives it, and are released if nobody does. <b>Errors:</b> when the connection goes, every pending call fails with the
 * cause.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class Client<Q, A> {
    private final Link link;
    private final Loop loop;
    private final Exchange<Q, A> exchange;
    private final Outstanding<Q, A> outstanding;
    private final CallDeadlines deadlines;
    private final ArrayDeque<Waiting<Q, A>> waiting = new ArrayDeque<>();
    private final AtomicInteger fromOutside = new AtomicInteger(); // calls on their way to the loop
    private int batch;
    private boolean waitsForDrain;
    private int refusedSinceSweep;
    private boolean finishing;
    private int wanted; // once finishing: calls that somebody still waits for

    /** A call that waits for its turn. */
    private record Waiting<Q, A>(Q request, Promise<A> promise) {}

    Client(Link link, Exchange<Q, A> exchange) {
        this.link = link;
        this.loop = link.loop();
        this.exchange = exchange;
        this.outstanding = Outstanding.of(exchange);
        this.deadlines = new CallDeadlines(loop, exchange.deadline, link.toString());
    }

    /**
     * Sends a request, within the deadline of the {@link Exchange}.
     *
     * @return the answer; fails with {@link DeadlineException}, with the connection's failure, or with an {@link IOException} if
     *     the client is closed or full. Cancelling it frees the caller; the answer is thrown away when it comes.
     */
    public Future<A> call(Q request) {
        Promise<A> promise = loop.promise();
        if (loop.isCurrent()) {
            deadlines.add(promise);
            send(request, promise);
        } else {
            sendFromOutside(request, promise, null);
        }
        return promise;
    }

    /** Sends a request that has a deadline of its own. */
    public Future<A> call(Q request, Duration deadline) {
        Promise<A> promise = loop.promise();
        if (loop.isCurrent()) {
            limit(promise, deadline);
            send(request, promise);
        } else {
            sendFromOutside(request, promise, deadline);
        }
        return promise;
    }

    private void limit(Promise<A> promise, Duration deadline) {
        Handle timer = loop.schedule(
                deadline,
                "deadline of a call to " + link,
                () -> promise.fail(new DeadlineException(
                        "call to " + link + ": no answer within " + deadline.toMillis() + " ms")));
        promise.addDependent(new TimerEnd(loop, timer));
    }

    /** Stops a call's own timer when the call is done. */
    private record TimerEnd(Loop home, Handle timer) implements Dependent {
        @Override
        public void settled(Future<?> source) {
            timer.cancel();
        }
    }

    private void sendFromOutside(Q request, Promise<A> promise, @Nullable Duration deadline) {
        if (fromOutside.incrementAndGet() > (long) exchange.outstanding + exchange.waiting) {
            fromOutside.decrementAndGet();
            Messages.release(request);
            promise.fail(new IOException("call: " + link + " is full: " + fromOutside.get()
                    + " calls of other threads are on their way to its loop"));
            return;
        }
        loop.enqueue(new OutsideCall(request, promise, deadline));
    }

    /** A call on its way from another thread. */
    private final class OutsideCall extends Node {
        private final Q request;
        private final Promise<A> promise;
        private final @Nullable Duration deadline;

        OutsideCall(Q request, Promise<A> promise, @Nullable Duration deadline) {
            this.request = request;
            this.promise = promise;
            this.deadline = deadline;
        }

        @Override
        void execute() {
            fromOutside.decrementAndGet();
            if (deadline == null) {
                deadlines.add(promise);
            } else {
                limit(promise, deadline);
            }
            send(request, promise);
        }

        @Override
        void discard() {
            Messages.release(request);
            promise.fail(new IOException(link + ": its loop is closed"));
        }

        @Override
        String label() {
            return "call to " + link;
        }
    }

    // ---- on the loop

    private void send(Q request, Promise<A> promise) {
        if (promise.isDone()) {
            Messages.release(request);
        } else if (!link.open() || finishing) {
            Messages.release(request);
            promise.fail(new IOException("call: " + link + " is closed"));
        } else if (waiting.isEmpty() && hasRoom()) {
            write(request, promise);
        } else if (exchange.whenFull == Exchange.WhenFull.WAIT && mayWait()) {
            waiting.add(new Waiting<>(request, promise));
            waitForDrain();
        } else {
            Messages.release(request);
            promise.fail(new IOException("call: " + link + " is full: " + outstanding.size() + " calls outstanding, "
                    + waiting.size() + " waiting"));
        }
    }

    /** Calls that were given up while they waited make room, but are looked for only now and then. */
    private boolean mayWait() {
        if (waiting.size() >= exchange.waiting && ++refusedSinceSweep > waiting.size() / 2) {
            refusedSinceSweep = 0;
            waiting.removeIf(each -> {
                if (each.promise.isDone()) {
                    Messages.release(each.request);
                }
                return each.promise.isDone();
            });
        }
        return waiting.size() < exchange.waiting;
    }

    private boolean hasRoom() {
        return outstanding.size() < exchange.outstanding && link.outbound().accepting();
    }

    private void write(Q request, Promise<A> promise) {
        try {
            outstanding.add(request, promise);
            loop.ticking().expectation().more(1);
        } catch (RuntimeException e) {
            Messages.release(request);
            promise.fail(e);
            return;
        }
        int size = outstanding.size();
        if (size > batch) {
            batch = size;
            link.outbound().batchOf(size);
        }
        Throwable failure = link.outbound().encode(link.inbound().top(), request, false);
        if (failure != null && link.open()) {
            outstanding.undoAdd(request);
            loop.ticking().expectation().more(-1);
            promise.fail(failure);
        }
    }

    /** Backed up not by missing answers but by unsent bytes: goes on when they have left. */
    private void waitForDrain() {
        if (link.outbound().mustWait() && !waitsForDrain) {
            waitsForDrain = true;
            link.outbound().writable().onDone((nothing, failure) -> {
                waitsForDrain = false;
                sendWaiting();
            });
        }
    }

    private void sendWaiting() {
        while (!waiting.isEmpty() && link.open() && hasRoom()) {
            Waiting<Q, A> next = waiting.remove();
            if (next.promise.isDone()) {
                Messages.release(next.request);
            } else {
                write(next.request, next.promise);
            }
        }
        if (!waiting.isEmpty()) {
            waitForDrain();
        }
    }

    Receiver<A> receiver() {
        return new Answers();
    }

    /** What the connection tells the client. */
    private final class Answers implements Receiver<A> {
        @Override
        public boolean wantsMessage() {
            return true;
        }

        @Override
        public void message(A answer) {
            if (exchange.unsolicited.test(answer)) {
                unsolicited(answer);
                return;
            }
            Promise<A> call = outstanding.take(answer);
            if (call == null) {
                unsolicited(answer);
            } else {
                loop.ticking().expectation().more(-1);
                if (!call.complete(answer)) {
                    Messages.release(answer); // it was for a tombstone
                }
            }
            if (!waiting.isEmpty()) {
                sendWaiting();
            }
        }

        private void unsolicited(A message) {
            if (exchange.onUnsolicited != null) {
                exchange.onUnsolicited.accept(message);
                return;
            }
            Messages.release(message);
            link.failed(new ProtocolException("a message that answers no call, and there is no handler for it"), false);
        }

        @Override
        public void ended() {
            if (outstanding.size() > 0) {
                link.failed(
                        new IOException(
                                link + ": the peer ended its stream with " + outstanding.size() + " calls unanswered"),
                        false);
            } else {
                link.close();
            }
        }

        @Override
        public int batch(int decoded) {
            batch = outstanding.size() + decoded;
            return batch;
        }

        @Override
        public boolean closed(@Nullable Throwable cause) {
            Throwable reason = cause == null ? new IOException("call: " + link + " was closed") : cause;
            boolean told = false;
            loop.ticking().expectation().more(-outstanding.size());
            for (Promise<A> call : List.copyOf(outstanding.all())) {
                told |= call.fail(reason);
            }
            for (Waiting<Q, A> each = waiting.poll(); each != null; each = waiting.poll()) {
                Messages.release(each.request);
                told |= each.promise.fail(reason);
            }
            deadlines.close();
            return told;
        }

        @Override
        public void finish(Link finished) {
            finishing = true;
            outstanding.all().forEach(this::await);
            waiting.forEach(each -> await(each.promise));
            closeIfFinished();
        }

        /** A tombstone's answer is not worth waiting for. */
        private void await(Promise<A> call) {
            if (!call.isDone()) {
                wanted++;
                call.addDependent(new LastWish());
            }
        }

        @Override
        public String unfinished() {
            int calls = outstanding.size() + waiting.size();
            return calls == 0 ? "" : calls + " calls unanswered";
        }
    }

    /** A call that somebody still waits for while the client finishes. */
    private final class LastWish implements Dependent {
        @Override
        public void settled(Future<?> source) {
            wanted--;
            closeIfFinished();
        }

        @Override
        public Loop home() {
            return loop;
        }
    }

    private void closeIfFinished() {
        if (wanted == 0) {
            link.close();
        }
    }

    // ---- ending

    /** Takes no more calls, waits for the answers of those that were made, and closes. */
    public Future<@Nullable Void> finish() {
        onLoop("finish", link::finish);
        return closed();
    }

    /** Closes the connection now, in good order; calls that have no answer yet fail. */
    public Future<@Nullable Void> close() {
        onLoop("close", link::close);
        return closed();
    }

    private void onLoop(String what, Runnable action) {
        if (loop.isCurrent()) {
            action.run();
        } else {
            loop.enqueue(new Handle(loop, what + " of ", link, action));
        }
    }

    /** Done, never failed, when the connection is gone. */
    public Future<@Nullable Void> closed() {
        return link.closedFuture();
    }

    /** How many calls have had no answer; on the loop. */
    public int outstanding() {
        loop.requireConfined("outstanding", link);
        return outstanding.size() + waiting.size();
    }

    /** The loop that it belongs to. */
    public Loop loop() {
        return loop;
    }

    /** The peer's address. */
    public SocketAddress remoteAddress() {
        return Objects.requireNonNull(link.wire().remoteAddress());
    }

    @Override
    public String toString() {
        return "client, " + link;
    }
}
