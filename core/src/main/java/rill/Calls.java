package rill;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/**
 * The part of a {@link Client} that lives on the loop: the calls of one connection. {@link Call} shows the states of each.
 *
 * <p>A call fails with a {@link CallFailedException}, unless the request itself is at fault: if its encoder, its key function or its name function
 * throws, the call fails with that exception. It is the cause if the request was sent before, on another connection.
 *
 * <p>If any user function throws, the call concerned is settled, its slot and its key are freed, and every message is released exactly once.
 *
 * <p>It is longer than other classes because each step of a call and each event of its connection changes the same few counts and flags.
 */
final class Calls<Q, A> implements Receiver<A> {
    private final Link link;
    private final Loop loop;
    private final ClientProtocol<Q, A> protocol;
    private final Counters counters;
    private final long dropAfter;
    private final InFlight<Q, A> inFlight;
    private final WaitingCalls<Q, A> waiting;
    private final SpareCalls<Q, A> spares = new SpareCalls<>();
    private final CallDeadlines<Q, A> deadlines;
    private final Silence silence;
    private final @Nullable Pushes<A> pushes;
    private final Handover<Q, A> handover;
    private final CallEnds ends;
    private boolean answered; // whether a call was, since last forgotten
    private long inFlightBytes; // of requests
    private @Nullable RoomWaiters roomWaiters; // null if there are none
    private boolean waitsForDrain;
    private int batch;
    private boolean writing; // a request; calls made by its encoder come after it

    // The end.
    private volatile boolean finishing;
    private int awaited; // once finishing: calls that someone still waits for
    private boolean peerEnded;
    private boolean over;
    private @Nullable Throwable cause; // of the end; null if it was orderly
    private volatile @Nullable Throwable failure; // the cause, or that the peer has ended its stream

    Calls(Link link, ClientProtocol<Q, A> protocol, @Nullable Patron<Q, A> patron) {
        this.link = link;
        this.loop = link.loop();
        this.protocol = protocol;
        this.counters = loop.counters();
        this.dropAfter = Loop.nanos(protocol.bounds.silence());
        this.inFlight = InFlight.of(protocol);
        this.waiting = new WaitingCalls<>(this, protocol.bounds.waiting(), protocol.bounds.waitingBytes());
        this.deadlines = new CallDeadlines<>(this, link, dropAfter / 4);
        this.silence = new Silence(link, dropAfter);
        var handler = protocol.unsolicited.handler();
        this.pushes = handler == null ? null : new Pushes<>(link, handler, patron != null);
        this.handover = new Handover<>(patron, counters);
        this.ends = new CallEnds(loop, link, Loop.nanos(protocol.bounds.deadline()));
    }

    Loop loop() {
        return loop;
    }

    /** The number of unanswered calls, including tombstones. */
    int size() {
        return inFlight.size() + waiting.size();
    }

    int spares() {
        return spares.size();
    }

    /** Whether an answer has arrived since {@link #forgetAnswers}. */
    boolean hasAnswered() {
        return answered;
    }

    void forgetAnswers() {
        answered = false;
    }

    /** Whether the connection is gone, or has failed and is about to go. */
    boolean isOver() {
        return over;
    }

    /** Whether it takes calls. From any thread. */
    boolean isOpen() {
        return !finishing && link.outbound().closed() == null;
    }

    /** Why it has ended; null if this side has closed it. From any thread. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** The number of bytes that a request counts for. From any thread. */
    int weight(Q request) {
        return Messages.weight(protocol.pipeline.codec(), request, link.limits());
    }

    /** Whether a request is being written right now. */
    boolean writing() {
        return writing;
    }

    // ---- making a call

    /**
     * Takes over a request, and ensures that the Promise is settled.
     *
     * @param oneWay whether there is no answer: the Promise is then completed with null once the request was written
     * @param limit its own deadline, or null
     * @param due when it is late
     * @param tries how often the request was written before, on other connections; or {@link Handover#STAYS}
     * @param madeHere whether it was made on the loop
     */
    void call(
            Q request,
            Promise<A> caller,
            boolean oneWay,
            @Nullable Duration limit,
            long due,
            int tries,
            boolean madeHere,
            long now) {
        counters.callsMade++;
        if (caller.isDone()) { // cancelled on its way to the loop
            Messages.release(request);
            ends.givenUp(request.getClass(), ends.since(limit, due));
            return;
        }
        Call<Q, A> call;
        try {
            call = newCall();
        } catch (Throwable t) { // no memory
            Messages.release(request);
            Object type = request.getClass();
            ends.fail(caller, type, ends.since(limit, due), withFate(t, type, oneWay, tries));
            return;
        }
        call.promise = caller;
        call.oneWay = oneWay;
        call.limit = limit;
        call.due = due;
        call.tries = tries;
        Throwable refusal = begin(call, request, madeHere, now);
        if (refusal != null) {
            refuse(call, request, refusal);
        } else if (call.state == Call.State.WAITING) {
            goOn(); // others may have been removed to make room for it
        } else {
            write(call, request, now);
        }
    }

    private Call<Q, A> newCall() {
        Call<Q, A> spare = spares.poll();
        return spare == null ? new Call<>(this) : spare;
    }

    /** Returns why a call can't be made, or null. If it has to wait for its turn, it does so from now on. */
    private @Nullable Throwable begin(Call<Q, A> call, Q request, boolean madeHere, long now) {
        try {
            call.name = nameOf(request);
            boolean goesOn = isShut() && wouldOvertake(call.tries);
            Throwable refusal = refusal(call, goesOn, now);
            if (refusal == null) {
                call.weight = weight(request);
                deadlines.add(call, madeHere, now);
                if (goesOn || !mayWrite(call.oneWay)) {
                    waiting.add(call, request);
                }
            }
            return refusal;
        } catch (Throwable t) { // from the function that names requests; or no memory
            return t;
        }
    }

    private void refuse(Call<Q, A> call, Q request, Throwable why) {
        call.request = request; // it goes back with the call, or is released with it
        if (call.name == null) { // the function that names requests has thrown
            call.name = request.getClass();
        }
        if (isShut() && handover.call(call, why)) {
            end(call);
        } else {
            fail(call, withFate(why, call));
            goOn();
        }
    }

    private Object nameOf(Q request) {
        return protocol.naming == null
                ? request.getClass()
                : Objects.requireNonNull(protocol.naming.apply(request), "a request's name");
    }

    /** Whether no call can be made any more. */
    private boolean isShut() {
        return over || finishing || !link.open() || link.outbound().closed() != null;
    }

    /**
     * Whether a call that can no longer be made here has to wait until those made before it go to another connection, which happens when the end of
     * this one is delivered, in a Handle.
     */
    private boolean wouldOvertake(int tries) {
        return !over
                && !finishing
                && protocol.bounds.whenFull() == ClientProtocol.WhenFull.WAIT
                && handover.isPossible(tries);
    }

    private @Nullable Throwable refusal(Call<Q, A> call, boolean goesOn, long now) {
        if (isShut() && !goesOn) {
            return failures().closed(call);
        }
        if (call.due - now <= 0) {
            return failures().tooLateToBegin(call, protocol.bounds.limit(call.limit));
        }
        return (!goesOn && mayWrite(call.oneWay))
                        || (protocol.bounds.whenFull() == ClientProtocol.WhenFull.WAIT && waiting.hasRoom())
                ? null
                : failures().full(call, inFlight.size(), waiting.size(), inFlightBytes + waiting.bytes());
    }

    private CallFailures failures() {
        return new CallFailures(link, cause, peerEnded, finishing);
    }

    /** Ends a call that is in no queue any more, and that nobody waits for. Releases its request. */
    void end(Call<Q, A> call) {
        deadlines.remove(call);
        call.clear();
        if (!over) {
            spares.add(call);
        }
    }

    /** Ends a call that is in no queue any more, and fails it for its caller. */
    private void fail(Call<Q, A> call, Throwable why) {
        Promise<A> caller = Objects.requireNonNull(call.promise);
        Object name = Objects.requireNonNull(call.name);
        long since = ends.since(call);
        end(call);
        ends.fail(caller, name, since, why);
    }

    /** Ends a call that is in no queue any more, and completes it for its caller; false if the caller had given up. */
    @SuppressWarnings("NullAway") // the answer is null for a send only, whose caller waits for null
    private boolean complete(Call<Q, A> call, @Nullable A answer, CallOutcome outcome) {
        Promise<A> caller = Objects.requireNonNull(call.promise);
        Object name = Objects.requireNonNull(call.name);
        long since = ends.since(call);
        end(call);
        boolean told = caller.complete(answer);
        ends.done(name, since, told, outcome);
        return told;
    }

    /** Ends a call that waited for its turn: its caller had given up, which is noticed only now. */
    void endGivenUp(Call<Q, A> call) {
        ends.givenUp(call);
        end(call);
    }

    // ---- writing

    private boolean hasRoom(boolean oneWay) {
        return link.outbound().accepting()
                && (oneWay
                        || (inFlight.size() < protocol.bounds.inFlight()
                                && inFlightBytes < protocol.bounds.inFlightBytes()));
    }

    /** Whether a call made now may be sent at once. */
    private boolean mayWrite(boolean oneWay) {
        return waiting.isEmpty() && hasRoom(oneWay);
    }

    private void write(Call<Q, A> call, Q request, long now) {
        call.state = Call.State.SENT;
        call.request = null;
        Throwable failure = writeGuarded(call, request);
        if (over) { // the connection has failed meanwhile, and all other calls with it
            Throwable why = failure == null ? failures().ended(call) : withFate(failure, call);
            if (failure == null && handover.call(call, why)) {
                end(call);
            } else {
                fail(call, why);
            }
        } else if (failure != null) {
            inFlight.withdraw(call);
            fail(call, withFate(failure, call));
            closeIfFinished();
        } else if (call.oneWay) {
            complete(call, null, CallOutcome.SENT);
            closeIfFinished();
        } else {
            inFlight.add(call);
            inFlightBytes += call.weight;
            loop.ticking().pollPolicy().more(1);
            if (inFlight.size() == 1) {
                silence.begins(now);
            }
        }
    }

    private Throwable withFate(Throwable fault, Call<Q, A> call) {
        return withFate(fault, Objects.requireNonNull(call.name), call.oneWay, call.tries);
    }

    /** What the caller is told of a request that can't be written: if it was sent before, that too. */
    private Throwable withFate(Throwable fault, Object name, boolean oneWay, int tries) {
        return tries <= 0 || fault instanceof CallFailedException
                ? fault
                : Each.cause(() -> failures().atFault(name, oneWay, tries, fault));
    }

    /** Returns why the request was not written, or null; the request is released. Whatever goes wrong, the next call is written as usual. */
    private @Nullable Throwable writeGuarded(Call<Q, A> call, Q request) {
        try {
            handover.keep(call, request);
            writing = true;
            if (!call.oneWay) {
                inFlight.reserve(call, request);
            }
        } catch (Throwable t) { // no memory; or from the key function, or a key
            Messages.release(request);
            writing = false;
            return t;
        }
        try {
            return encode(call, request);
        } catch (Throwable t) { // no memory for creating the failure
            return t;
        } finally {
            writing = false;
        }
    }

    /** Returns why the request was not written, or null; the request is released. */
    private @Nullable Throwable encode(Call<Q, A> call, Q request) {
        int size = inFlight.size() + 1;
        if (size > batch) {
            batch = size;
            link.outbound().batchOf(size);
        }
        Throwable unwritten;
        try {
            unwritten = link.outbound().encode(link.stack().top(), request);
        } catch (Throwable t) { // not from the encoder, but from sending what is pending
            link.failed(t, false);
            return failures().unwritten(call, Fate.PERHAPS_CARRIED_OUT, t);
        }
        if (unwritten instanceof IOException
                || (unwritten != null && unwritten == link.outbound().closed())) {
            return failures().unwritten(call, Fate.NEVER_SENT, unwritten);
        }
        return unwritten;
    }

    // ---- waiting for a turn

    /** Whether a call would be sent at once. */
    boolean isWritable() {
        return isOpen() && !over && mayWrite(false);
    }

    /** Done while a call would be sent at once. */
    Future<@Nullable Void> writable() {
        if (!isOpen() || over) {
            return loop.failed(failures().writable());
        }
        if (mayWrite(false)) {
            return loop.accepted();
        }
        if (roomWaiters == null) {
            roomWaiters = new RoomWaiters();
        }
        Future<@Nullable Void> told = roomWaiters.add(loop, link);
        waitForDrain();
        return told;
    }

    private void tellRoomWaiters() {
        if (roomWaiters != null && mayWrite(false)) {
            roomWaiters.tell();
            roomWaiters = null;
        }
    }

    /** If unsent bytes, not missing answers, hold calls back: continues when they have left. */
    private void waitForDrain() {
        if (link.outbound().mustWait() && !waitsForDrain) {
            long now = loop.nanoTime();
            deadlines.lookLater(now);
            if (inFlight.size() == 0) {
                silence.begins(now);
            }
            waitsForDrain = true;
            link.outbound().writable().onDone((nothing, failure) -> {
                waitsForDrain = false;
                goOn();
            });
        }
    }

    /** Bytes have left, or calls were answered or given up: calls that have waited for that get their turn. */
    private void goOn() {
        if (!waiting.isEmpty() || roomWaiters != null) {
            sendWaiting();
        }
        closeIfFinished();
    }

    private void sendWaiting() {
        long now = loop.nanoTime();
        for (Call<Q, A> first = waiting.first(); first != null; first = waiting.first()) {
            if (over || !link.open() || !hasRoom(first.oneWay)) {
                waitForDrain();
                return;
            }
            if (!givesUp(first, now)) {
                waiting.poll();
                write(first, Objects.requireNonNull(first.request), now);
            }
        }
        tellRoomWaiters();
    }

    // ---- giving a call up

    /** A call was cancelled, or its own timer has expired. */
    void look(Call<Q, A> call) {
        if (call.promise != null && givesUp(call, loop.nanoTime())) { // it may be over, or reused by now
            goOn();
        }
    }

    /** The deadline of a call without its own timer has passed. */
    void late(Call<Q, A> call, long now) {
        tooLate(call, now);
        goOn();
    }

    /** Whether nobody waits for a call any more; then everything it no longer needs is released. */
    private boolean givesUp(Call<Q, A> call, long now) {
        if (call.promise != null && call.promise.isDone()) {
            ends.givenUp(call);
            giveUp(call, now);
            return true;
        }
        if (call.due - now <= 0) {
            tooLate(call, now);
            return true;
        }
        return false;
    }

    private void tooLate(Call<Q, A> call, long now) {
        ends.fail(call, failures().tooLate(call, protocol.bounds.limit(call.limit)));
        giveUp(call, now);
    }

    private void giveUp(Call<Q, A> call, long now) {
        deadlines.remove(call);
        call.leave();
        if (call.state == Call.State.WAITING) {
            waiting.giveUp(call);
        } else {
            call.state = Call.State.TOMBSTONE;
            counters.tombstonesMade++;
            if (protocol.keys != null) {
                deadlines.addOverdue(call, now + dropAfter);
            }
        }
    }

    /** By key: the answer of a tombstone has not arrived for very long. */
    void forget(Call<Q, A> tombstone) {
        tombstone.state = Call.State.FORGOTTEN;
        counters.tombstonesGone++;
        inFlight.forget();
        inFlightBytes -= tombstone.weight;
        loop.ticking().pollPolicy().more(-1);
        if (inFlight.forgotten() >= protocol.bounds.inFlight()) {
            drop(new IOException(link + ": the answers of " + inFlight.forgotten() + " calls have never come"));
        } else {
            goOn();
        }
    }

    // ---- periodic upkeep

    /** Whether there is nothing to look after. */
    boolean atRest() {
        return over || (inFlight.size() == 0 && waiting.isEmpty() && !isStuck() && spares.isTrim());
    }

    /** Checks whether the peer is still alive; releases what a burst has taken. */
    void lookAround(long now) {
        if (over) {
            return;
        }
        spares.trim();
        inFlight.trim();
        boolean owes = inFlight.size() > 0;
        if ((owes || isStuck()) && silence.tooLong(now, owes) && !someHaveMoreTime()) {
            String lasted = Wording.duration(Duration.ofNanos(silence.lasted(now)));
            drop(new IOException(link
                    + (owes
                            ? ": nothing has come for " + lasted + ", with " + inFlight.size() + " calls in flight"
                            : ": nothing has left for " + lasted + ", with "
                                    + link.outbound().pending() + " bytes to be sent")));
        }
    }

    /** Whether callers were told to wait, since the peer has not taken what was written before. */
    private boolean isStuck() {
        return waitsForDrain && link.outbound().full();
    }

    /** The earliest time at which the peer will have been silent for too long. */
    long quietUntil() {
        return silence.end();
    }

    /** Whether a call may take longer, and was made before the silence had lasted too long: those made later must not prolong it. */
    private boolean someHaveMoreTime() {
        boolean[] some = {false};
        inFlight.forEach(call -> some[0] |= hasMoreTime(call));
        return some[0];
    }

    private boolean hasMoreTime(Call<Q, A> call) {
        return call.limit != null && Loop.nanos(call.limit) > dropAfter && ends.since(call) - silence.end() < 0;
    }

    /** Gives up the connection, and fails its unanswered calls. */
    void drop(Throwable why) {
        try {
            link.failed(why, false);
        } finally {
            link.abort();
        }
    }

    // ---- events of the connection

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
            inFlightBytes -= call.weight;
        }
        answered = true;
        if (call.promise == null) {
            counters.tombstonesGone += call.state == Call.State.TOMBSTONE ? 1 : 0;
            end(call);
            Messages.release(answer);
        } else if (!complete(call, answer, CallOutcome.ANSWERED)) {
            Messages.release(answer);
        } else if (pushes != null) {
            pushes.answered();
        }
        goOn();
    }

    /** It is not known which call was meant, and the next answer would be taken for that of this one. */
    @Override
    public boolean survives() {
        return false;
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
            link.failed(new IOException("the peer ended its stream with " + callsUnanswered(unanswered)), false);
        } else {
            link.close();
        }
    }

    private static String callsUnanswered(int count) {
        return count == 1 ? "1 call unanswered" : count + " calls unanswered";
    }

    private void forEach(Consumer<? super Call<Q, A>> action) {
        inFlight.forEach(action);
        waiting.forEach(action);
    }

    @Override
    public boolean closed(@Nullable Throwable reason) {
        over = true;
        cause = reason;
        failure = reason == null && peerEnded
                ? Each.cause(() -> new IOException(link + ": the peer has ended its stream"))
                : reason;
        loop.ticking().pollPolicy().more(-inFlight.size());
        boolean[] told = {writing || handover.hasPatron()}; // to the caller of a call being made now
        try {
            handover.ended(link, failure);
            forEach(call -> told[0] |= failWithConnection(call));
        } finally {
            deadlines.close();
            inFlight.clear();
            inFlightBytes = 0;
            waiting.clear();
            spares.clear();
            failRoomWaiters();
        }
        return told[0];
    }

    /** Fails a call; returns whether someone was notified. No call may wait in vain because of another one. */
    private boolean failWithConnection(Call<Q, A> call) {
        try {
            return tellOfEnd(call);
        } catch (Throwable t) { // no memory for its failure, for example: then it fails with that
            return call.isWanted() && ends.fail(call, t);
        } finally {
            end(call);
        }
    }

    private boolean tellOfEnd(Call<Q, A> call) {
        if (call.isWanted()) {
            CallFailedException why = failures().ended(call);
            return handover.call(call, why) || ends.fail(call, why);
        }
        if (call.promise != null) {
            ends.givenUp(call);
        } else if (call.state == Call.State.TOMBSTONE) {
            counters.tombstonesGone++;
        }
        return false;
    }

    Handover<Q, A> handover() {
        return handover;
    }

    CallEnds ends() {
        return ends;
    }

    private void failRoomWaiters() {
        if (roomWaiters != null) {
            roomWaiters.fail(Each.cause(() -> failures().writable()));
            roomWaiters = null;
        }
    }

    @Override
    public void finish() {
        if (writing) { // its encoder calls this: the call being written is in no queue yet
            loop.enqueue(new Handle(loop, "finish of ", link, this::finish));
            return;
        }
        finishing = true;
        failRoomWaiters();
        try {
            forEach(this::await);
        } finally {
            closeIfFinished();
        }
    }

    private void await(Call<Q, A> call) {
        if (call.isWanted() && !call.awaited) {
            call.awaited = true;
            awaited++;
            loop.runReporting("finish of ", link, call::watch); // otherwise it is awaited until its deadline
        }
    }

    void awaitedOneLeaves() {
        awaited--;
    }

    private void closeIfFinished() {
        if (finishing && awaited == 0) {
            link.close();
        }
    }

    /** Closes the connection for its owner, who is not notified of anything more. */
    void close() {
        silence();
        link.close();
    }

    /** Likewise, with a reset. */
    void abort() {
        silence();
        link.abort();
    }

    private void silence() {
        if (pushes != null) {
            pushes.silence();
        }
    }

    @Override
    public String unfinished() {
        return size() == 0 ? "" : callsUnanswered(size());
    }
}
