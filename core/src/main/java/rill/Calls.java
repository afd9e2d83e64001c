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
    private @Nullable Writers writers; // null if there are none
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
        Object name = request.getClass();
        if (caller.isDone()) { // cancelled on its way to the loop
            Messages.release(request);
            ends.givenUp(name, limit, due);
            return;
        }
        Call<Q, A> call = null;
        Throwable refusal;
        try {
            name = nameOf(request);
            boolean goesOn = isShut() && wouldOvertake(tries);
            refusal = refusal(name, oneWay, limit, due - now <= 0, tries, goesOn);
            if (refusal == null) {
                call = newCall(caller, name, limit, due);
                call.oneWay = oneWay;
                call.tries = tries;
                call.weight = weight(request);
                deadlines.add(call, madeHere, now);
                if (goesOn || !mayWrite(oneWay)) {
                    waiting.add(call, request);
                }
            }
        } catch (Throwable t) { // from the function that names requests; or no memory
            refusal = t;
        }
        if (call == null || refusal != null) {
            if (!isShut() || !handover.unwritten(request, caller, oneWay, limit, due, tries, refusal)) {
                if (call != null) {
                    end(call);
                }
                Messages.release(request);
                ends.fail(caller, name, limit, due, withFate(Objects.requireNonNull(refusal), name, oneWay, tries));
                goOn();
            }
        } else if (call.state == Call.State.WAITING) {
            goOn(); // others may have been removed to make room for it
        } else {
            write(call, request, now);
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

    private @Nullable Throwable refusal(
            Object name, boolean oneWay, @Nullable Duration limit, boolean late, int tries, boolean goesOn) {
        if (isShut() && !goesOn) {
            return failures().closed(name, oneWay, tries);
        }
        if (late) {
            return failures().tooLateToBegin(name, oneWay, tries, limit == null ? protocol.bounds.deadline() : limit);
        }
        return (!goesOn && mayWrite(oneWay))
                        || (protocol.bounds.whenFull() == ClientProtocol.WhenFull.WAIT && waiting.hasRoom())
                ? null
                : failures()
                        .full(name, oneWay, tries, inFlight.size(), waiting.size(), inFlightBytes + waiting.bytes());
    }

    private CallFailures failures() {
        return new CallFailures(link, cause, peerEnded, finishing);
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

    /** Ends a call that is in no queue any more, and that nobody waits for. */
    void end(Call<Q, A> call) {
        deadlines.remove(call);
        call.clear();
        spares.add(call);
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
        Promise<A> caller = Objects.requireNonNull(call.promise);
        call.state = Call.State.SENT;
        call.request = null;
        Object name = Objects.requireNonNull(call.name);
        Throwable failure = writeGuarded(call, name, request);
        Duration limit = call.limit;
        long due = call.due;
        if (over) { // the connection has failed meanwhile, and all other calls with it
            CallFailedException ended = failure == null ? failures().ended(call, name) : null;
            if (ended == null || !handover.call(call, ended)) {
                ends.fail(caller, name, limit, due, ended == null ? withFate(failure, call, name) : ended);
            }
            deadlines.remove(call);
            call.clear();
        } else if (failure != null) {
            inFlight.withdraw(call);
            Throwable told = withFate(failure, call, name);
            end(call);
            ends.fail(caller, name, limit, due, told);
            closeIfFinished();
        } else if (call.oneWay) {
            end(call);
            ends.done(name, limit, due, completeWithNothing(caller), CallOutcome.SENT);
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

    private Throwable withFate(@Nullable Throwable fault, Call<Q, A> call, Object name) {
        return withFate(Objects.requireNonNull(fault), name, call.oneWay, call.tries);
    }

    /** What the caller is told of a request that can't be written: if it was sent before, that too. */
    private Throwable withFate(Throwable fault, Object name, boolean oneWay, int tries) {
        return tries <= 0 || fault instanceof CallFailedException
                ? fault
                : Each.cause(() -> failures().atFault(name, oneWay, tries, fault));
    }

    /** Returns why the request was not written, or null; the request is released. Whatever goes wrong, the next call is written as usual. */
    private @Nullable Throwable writeGuarded(Call<Q, A> call, Object name, Q request) {
        try {
            handover.keep(call, request);
        } catch (Throwable t) { // no memory
            Messages.release(request);
            return t;
        }
        writing = true;
        try {
            return tryToWrite(call, name, request);
        } catch (Throwable t) { // no memory for creating the failure
            return t;
        } finally {
            writing = false;
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // it was created for a call without an answer
    private boolean completeWithNothing(Promise<A> caller) {
        return ((Promise<@Nullable Void>) (Promise<?>) caller).complete(null);
    }

    /** Returns why the request was not written, or null; the request is released. */
    private @Nullable Throwable tryToWrite(Call<Q, A> call, Object name, Q request) {
        if (!call.oneWay) {
            try {
                inFlight.reserve(call, request);
            } catch (Throwable t) { // from the key function, or a key
                Messages.release(request);
                return t;
            }
        }
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
            return failures().unwritten(call, name, Fate.PERHAPS_CARRIED_OUT, t);
        }
        if (unwritten instanceof IOException
                || (unwritten != null && unwritten == link.outbound().closed())) {
            return failures().unwritten(call, name, Fate.NEVER_SENT, unwritten);
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
        if (writers == null) {
            writers = new Writers();
        }
        Future<@Nullable Void> told = writers.add(loop);
        waitForDrain();
        return told;
    }

    private void tellWriters() {
        if (writers != null && mayWrite(false)) {
            writers.tell();
            writers = null;
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
        if (!waiting.isEmpty() || writers != null) {
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
        tellWriters();
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
        Object name = Objects.requireNonNull(call.name);
        ends.fail(call, failures().tooLate(call, name, call.limit == null ? protocol.bounds.deadline() : call.limit));
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
        inFlight.forEach(call -> some[0] |= call.limit != null && hasMoreTime(call, Loop.nanos(call.limit)));
        return some[0];
    }

    private boolean hasMoreTime(Call<Q, A> call, long limit) {
        return limit > dropAfter && call.due - limit - silence.end() < 0;
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
        Promise<A> caller = call.promise;
        if (caller == null) {
            counters.tombstonesGone += call.state == Call.State.TOMBSTONE ? 1 : 0;
            end(call);
            Messages.release(answer);
        } else {
            answered(call, caller, answer);
        }
        goOn();
    }

    /** It is not known which call was meant, and the next answer would be taken for that of this one. */
    @Override
    public boolean survives() {
        return false;
    }

    private void answered(Call<Q, A> call, Promise<A> caller, A answer) {
        Object name = Objects.requireNonNull(call.name);
        Duration limit = call.limit;
        long due = call.due;
        end(call);
        boolean told = caller.complete(answer);
        ends.done(name, limit, due, told, CallOutcome.ANSWERED);
        if (!told) {
            Messages.release(answer);
        } else if (pushes != null) {
            pushes.answered();
        }
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
            forEach(call -> told[0] |= failGuarded(call));
        } finally {
            deadlines.close();
            inFlight.clear();
            inFlightBytes = 0;
            waiting.clear();
            spares.clear();
            failWriters();
        }
        return told[0];
    }

    /** Fails a call; returns whether someone was notified. No call may wait in vain because of another one. */
    private boolean failGuarded(Call<Q, A> call) {
        try {
            return fail(call, failures());
        } catch (Throwable t) { // no memory for its failure, for example: then it fails with that
            boolean told = call.isWanted() && ends.fail(call, t);
            deadlines.remove(call);
            call.clear();
            return told;
        }
    }

    private boolean fail(Call<Q, A> call, CallFailures failures) {
        boolean told = false;
        Promise<A> caller = call.promise;
        if (caller != null && caller.isDone()) {
            ends.givenUp(call);
        } else if (caller != null) {
            CallFailedException why = failures.ended(call, Objects.requireNonNull(call.name));
            told = handover.call(call, why) || ends.fail(call, why);
        } else if (call.state == Call.State.TOMBSTONE) {
            counters.tombstonesGone++;
        }
        deadlines.remove(call);
        call.clear();
        return told;
    }

    Handover<Q, A> handover() {
        return handover;
    }

    CallEnds ends() {
        return ends;
    }

    private void failWriters() {
        if (writers != null) {
            writers.fail(Each.cause(() -> failures().writable()));
            writers = null;
        }
    }

    @Override
    public void finish() {
        if (writing) { // its encoder calls this: the call being written is in no queue yet
            loop.enqueue(new Handle(loop, "finish of ", link, this::finish));
            return;
        }
        finishing = true;
        failWriters();
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
