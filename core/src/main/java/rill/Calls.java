package rill;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one connection, and what becomes of them: the part of a {@link Client} that lives on the loop. {@link Call} shows the
 * states of each.
 *
 * <p>Whatever throws (the name, the key or the encoding of a request, the predicate or the key of a message): the call concerned is
 * settled, its slot and its key are free, and what was released, once.
 */
final class Calls<Q, A> implements Receiver<A> {
    private final Link link;
    private final Loop loop;
    private final ClientProtocol<Q, A> protocol;
    private final long dropAfter;
    private final InFlight<Q, A> inFlight;
    private final WaitingCalls<Q, A> waiting;
    private final SpareCalls<Q, A> spares = new SpareCalls<>();
    private final CallDeadlines<Q, A> deadlines;
    private final Silence silence;
    private final @Nullable Pushes<A> pushes;
    private boolean waitsForDrain;
    private int batch;
    private boolean writing; // a request: calls that its encoder makes come after it

    // The end.
    private boolean finishing;
    private int awaited; // once finishing: calls that somebody still waits for
    private boolean peerEnded;
    private boolean over;
    private @Nullable Throwable cause; // of that, unless it was orderly

    Calls(Link link, ClientProtocol<Q, A> protocol) {
        this.link = link;
        this.loop = link.loop();
        this.protocol = protocol;
        this.dropAfter = Loop.nanos(protocol.bounds.silence());
        this.inFlight = InFlight.of(protocol);
        this.waiting = new WaitingCalls<>(this, protocol.bounds.waiting());
        this.deadlines = new CallDeadlines<>(this, link, dropAfter / 4);
        this.silence = new Silence(link, dropAfter);
        var handler = protocol.unsolicited.handler();
        this.pushes = handler == null ? null : new Pushes<>(link, handler);
    }

    Loop loop() {
        return loop;
    }

    /** How many have had no answer, tombstones included. */
    int size() {
        return inFlight.size() + waiting.size();
    }

    int spares() {
        return spares.size();
    }

    /** Whether a request is being written right now. */
    boolean writing() {
        return writing;
    }

    // ---- making a call

    /**
     * Takes a request and sees to it that the Promise is settled.
     *
     * @param limit its deadline, if it has one of its own
     * @param due when it is late
     * @param madeHere whether it was made on the loop
     */
    void call(Q request, Promise<A> caller, @Nullable Duration limit, long due, boolean madeHere, long now) {
        if (caller.isDone()) {
            Messages.release(request); // cancelled on its way here
            return;
        }
        Call<Q, A> call = null;
        Throwable refusal;
        try {
            Object name = nameOf(request);
            refusal = refusal(name, limit, due - now <= 0);
            if (refusal == null) {
                call = newCall(caller, name, limit, due);
                deadlines.add(call, madeHere, now);
            }
        } catch (Throwable t) { // the function that names requests; no memory
            refusal = t;
        }
        if (call == null || refusal != null) {
            Messages.release(request);
            caller.fail(Objects.requireNonNull(refusal));
        } else if (mayWrite()) {
            write(call, request, now);
        } else {
            waiting.add(call, request);
            waitForDrain();
        }
    }

    private Object nameOf(Q request) {
        return protocol.naming == null
                ? request.getClass()
                : Objects.requireNonNull(protocol.naming.apply(request), "a request's name");
    }

    private @Nullable Throwable refusal(Object name, @Nullable Duration limit, boolean late) {
        if (over || finishing || !link.open() || link.outbound().closed() != null) {
            return closed(name);
        }
        if (late) {
            Duration had = limit == null ? protocol.bounds.deadline() : limit;
            return new DeadlineException(describe(name)
                    + (had.isPositive()
                            ? ": not sent within " + Wording.duration(had) + ", since its loop was busy"
                            : ": not sent, since its deadline of " + Wording.duration(had)
                                    + " had passed when it was made"));
        }
        return mayWrite() || (protocol.bounds.whenFull() == ClientProtocol.WhenFull.WAIT && waiting.hasRoom())
                ? null
                : new IOException(describe(name) + " is full: " + inFlight.size() + " calls in flight, "
                        + waiting.size() + " waiting");
    }

    private String describe(Object name) {
        return "call of " + Wording.excerpt(name) + ": " + link;
    }

    private IOException closed(Object name) {
        Throwable failure = cause == null ? link.outbound().closed() : cause;
        String why;
        if (peerEnded && cause == null) {
            why = "the peer has ended its stream";
        } else if (failure == null) {
            why = finishing ? "it was to finish" : "by this side";
        } else {
            why = failure instanceof ClosedHere ? "by this side" : Failures.inWords(failure);
        }
        boolean tellsMore = failure != null && !(failure instanceof ClosedHere);
        return new IOException(describe(name) + " is closed: " + why, tellsMore ? failure : null);
    }

    private Call<Q, A> newCall(Promise<A> caller, Object name, @Nullable Duration limit, long due) {
        Call<Q, A> call = spares.poll();
        if (call == null) {
            call = new Call<>(this);
        }
        call.promise = caller;
        call.name = name;
        call.limit = limit;
        call.due = due;
        return call;
    }

    /** A call is in no queue any more, and nobody waits for it. */
    void end(Call<Q, A> call) {
        deadlines.remove(call);
        call.clear();
        spares.add(call);
    }

    // ---- writing

    private boolean hasRoom() {
        return inFlight.size() < protocol.bounds.inFlight() && link.outbound().accepting();
    }

    /** Whether it is the turn of a call that is made now. */
    private boolean mayWrite() {
        return waiting.isEmpty() && hasRoom();
    }

    private void write(Call<Q, A> call, Q request, long now) {
        Promise<A> caller = Objects.requireNonNull(call.promise);
        Object name = Objects.requireNonNull(call.name);
        call.state = Call.State.SENT;
        call.request = null;
        writing = true;
        Throwable failure = tryToWrite(call, request);
        writing = false;
        if (over) { // the connection has failed meanwhile, and has told all others
            deadlines.remove(call);
            caller.fail(failure == null ? closed(name) : failure);
        } else if (failure != null) {
            inFlight.withdraw(call);
            end(call);
            caller.fail(failure);
            closeIfFinished();
        } else {
            inFlight.add(call);
            loop.ticking().pollPolicy().more(1);
            if (inFlight.size() == 1) {
                silence.begins(now);
            }
        }
    }

    /** Why it was not written, or null; the request is released. */
    private @Nullable Throwable tryToWrite(Call<Q, A> call, Q request) {
        try {
            inFlight.reserve(call, request);
        } catch (Throwable t) { // of the key function, or a key
            Messages.release(request);
            return t;
        }
        int size = inFlight.size() + 1;
        if (size > batch) {
            batch = size;
            link.outbound().batchOf(size);
        }
        try {
            return link.outbound().encode(link.stack().top(), request);
        } catch (Throwable t) { // not of the encoder: of sending what is there
            link.failed(t, false);
            return t;
        }
    }

    // ---- waiting for a turn

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
        long now = loop.nanoTime();
        for (Call<Q, A> first = waiting.first(); first != null; first = waiting.first()) {
            if (over || !link.open() || !hasRoom()) {
                waitForDrain();
                return;
            }
            if (!givesUp(first, now)) {
                waiting.poll();
                write(first, Objects.requireNonNull(first.request), now);
            }
        }
    }

    // ---- giving a call up

    /** A call was cancelled, or its own timer is due. */
    void look(Call<Q, A> call) {
        if (call.promise != null) { // it may be over, and even be another call by now
            givesUp(call, loop.nanoTime());
        }
    }

    /** Whether nobody waits for a call any more: then what it can let go is gone. */
    private boolean givesUp(Call<Q, A> call, long now) {
        if (call.promise != null && call.promise.isDone()) {
            giveUp(call, now);
            return true;
        }
        if (call.due - now <= 0) {
            late(call, now);
            return true;
        }
        return false;
    }

    void late(Call<Q, A> call, long now) {
        Promise<A> caller = call.promise;
        if (caller != null && !caller.isDone()) {
            Duration had = call.limit == null ? protocol.bounds.deadline() : call.limit;
            String limit = Wording.duration(had);
            caller.fail(new DeadlineException(describe(Objects.requireNonNull(call.name))
                    + (call.state == Call.State.WAITING
                            ? ": not sent within " + limit + ", since it waited for its turn"
                            : ": no answer within " + limit)));
        }
        giveUp(call, now);
    }

    private void giveUp(Call<Q, A> call, long now) {
        deadlines.remove(call);
        call.leave();
        if (call.state == Call.State.WAITING) {
            waiting.giveUp(call);
        } else {
            call.state = Call.State.TOMBSTONE;
            if (protocol.keys != null) {
                deadlines.addOverdue(call, now + dropAfter);
            }
        }
        closeIfFinished();
    }

    /** By key: the answer of a tombstone has not come for very long. */
    void forget(Call<Q, A> tombstone) {
        tombstone.state = Call.State.FORGOTTEN;
        inFlight.forget();
        loop.ticking().pollPolicy().more(-1);
        if (inFlight.forgotten() >= protocol.bounds.inFlight()) {
            drop(new IOException(link + ": the answers of " + inFlight.forgotten() + " calls have never come"));
        } else {
            sendWaiting();
        }
    }

    // ---- now and then

    /** Whether there is nothing to look after. */
    boolean atRest() {
        return over || (inFlight.size() == 0 && waiting.isEmpty() && spares.isTrim());
    }

    /** Looks whether the peer is still there; gives back what a burst has taken. */
    void lookAround(long now) {
        if (over) {
            return;
        }
        spares.trim();
        inFlight.trim();
        if (inFlight.size() > 0 && silence.tooLong(now) && !someHaveMoreTime()) {
            String lasted = Wording.duration(Duration.ofNanos(silence.lasted(now)));
            drop(new IOException(
                    link + ": nothing has come for " + lasted + ", with " + inFlight.size() + " calls in flight"));
        }
    }

    /** When the peer has been silent for too long, at the earliest. */
    long quietUntil() {
        return silence.end();
    }

    private boolean someHaveMoreTime() {
        boolean[] some = {false};
        inFlight.forEach(call -> some[0] |= call.limit != null && Loop.nanos(call.limit) > dropAfter);
        return some[0];
    }

    private void drop(IOException why) {
        link.failed(why, false);
        link.abort();
    }

    // ---- what the connection tells

    @Override
    public boolean wantsMessage() {
        return pushes == null || pushes.hasRoom();
    }

    @Override
    public void message(A answer) throws ProtocolException {
        Call<Q, A> call = find(answer);
        if (call == null) {
            unsolicited(answer);
            return;
        }
        if (call.state != Call.State.FORGOTTEN) {
            loop.ticking().pollPolicy().more(-1);
        }
        Promise<A> caller = call.promise;
        end(call);
        if (caller == null || !caller.complete(answer)) {
            Messages.release(answer); // it was for a tombstone
        } else if (pushes != null) {
            pushes.answered();
        }
        if (!waiting.isEmpty()) {
            sendWaiting();
        }
        closeIfFinished();
    }

    /** The call that is answered, or null. */
    private @Nullable Call<Q, A> find(A answer) throws ProtocolException {
        try {
            return protocol.unsolicited.which().test(answer) ? null : inFlight.take(answer);
        } catch (RuntimeException e) {
            var violation = new ProtocolException("a message of which it can't be told what it answers ("
                    + Failures.describe(e) + "): " + Wording.excerpt(answer));
            violation.initCause(e);
            Messages.release(answer);
            throw violation;
        } catch (Error e) {
            Messages.release(answer);
            throw e;
        }
    }

    private void unsolicited(A message) throws ProtocolException {
        if (pushes != null) {
            pushes.add(message);
            return;
        }
        String shown = Wording.excerpt(message);
        Messages.release(message);
        throw new ProtocolException("a message that answers no call, and there is no handler for it: " + shown);
    }

    @Override
    public int batch(int decoded) {
        batch = inFlight.size() + decoded;
        return batch;
    }

    @Override
    public void ended() {
        peerEnded = true;
        int[] count = {0};
        forEach(call -> count[0] += call.isWanted() ? 1 : 0);
        int unanswered = count[0];
        if (unanswered > 0) {
            link.failed(
                    new IOException(link + ": the peer ended its stream with " + unanswered + " calls unanswered"),
                    false);
        } else {
            link.close();
        }
    }

    private void forEach(Consumer<? super Call<Q, A>> action) {
        inFlight.forEach(action);
        waiting.forEach(action);
    }

    @Override
    public boolean closed(@Nullable Throwable failure) {
        over = true;
        cause = failure;
        Throwable reason = failure == null ? new IOException("call: " + link + " was closed") : failure;
        boolean[] told = {false};
        loop.ticking().pollPolicy().more(-inFlight.size());
        forEach(call -> told[0] |= fail(call, reason));
        deadlines.close();
        inFlight.clear();
        waiting.clear();
        spares.clear();
        return told[0];
    }

    private boolean fail(Call<Q, A> call, Throwable reason) {
        Promise<A> caller = call.promise;
        deadlines.remove(call);
        call.clear();
        return caller != null && caller.fail(reason);
    }

    @Override
    public void finish(Link finished) {
        finishing = true;
        forEach(call -> {
            if (call.isWanted() && !call.awaited) {
                call.awaited = true;
                awaited++;
                call.watch();
            }
        });
        closeIfFinished();
    }

    void awaitedOneLeaves() {
        awaited--;
    }

    private void closeIfFinished() {
        if (finishing && awaited == 0) {
            link.close();
        }
    }

    /** Closes the connection for its owner, who wants to hear nothing more. */
    void close() {
        if (pushes != null) {
            pushes.silence();
        }
        link.close();
    }

    @Override
    public String unfinished() {
        return size() == 0 ? "" : size() + " calls unanswered";
    }
}
