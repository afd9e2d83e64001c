package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Loop;
import rill.testkit.storm.Step.Form;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Place;
import rill.testkit.storm.Step.Wrap;

/**
 * One end of a connection of a program: what it has written and received, and what may have gone wrong with it. The letters that it
 * writes on one thread, or loop, are a channel: they have to arrive in order and without a gap.
 */
final class End extends Actor {
    /** Threads and loops that a letter may be written from: see {@link Loops#source}. */
    static final int SOURCES = 16;

    private static final int MOST_UNREAD = 32 * 1024; // less than what is read ahead of a receiver
    private static final int ECHO = 1; // in a letter's first number: not to be echoed again

    private record Sent(int number, @Nullable Future<?> future, boolean late) {}

    final Run run;
    final int id;
    final Form form;
    final OnFailure onFailure;
    final Step.Marks marks;
    final Hooks hooks;
    private volatile @Nullable Server server; // that it connects to
    private volatile boolean afterMemberClosed; // it began when one of the group's loops was closed
    private volatile Pipes.Pipe pipe;
    private Pipes.@Nullable Pipe next; // the pipeline that it goes on with
    private volatile boolean switching; // to that one: nothing may be written meanwhile
    volatile boolean became; // or is about to
    private boolean inHandler; // that is done within the handler of a message
    private Pipes.@Nullable Reader reader;
    private volatile @Nullable Connection<Object, Object> connection;
    volatile @Nullable SocketAddress local; // once connected

    private final List<List<Sent>> sent = new ArrayList<>();
    private final int[] expected = new int[SOURCES];
    private Ledger.@Nullable Given closed;
    private volatile long written; // bytes of letters
    private long count; // of what was received; on the loop
    volatile long received; // likewise, for others
    private boolean answers; // the letter that was received last
    private boolean draining;
    private int givenUp; // receives that have ended without a message while others had been asked after them
    private final Set<Integer> owed = new HashSet<>(0); // letters that came for such
    private final Set<Integer> perhaps = new HashSet<>(0); // … or were never written
    private final ArrayDeque<Turn> turns = new ArrayDeque<>(0); // of those who have asked for a message

    // What happened to it; of some of these the other end is entitled to see the consequences.
    volatile boolean closedHere;
    volatile long closedAt;
    volatile boolean aborted;
    volatile boolean shut;
    volatile boolean failed;
    volatile int carriedOn; // how often
    private int excused; // letters that are missing for that
    volatile boolean outputEnds; // the program has asked for it, though perhaps on another loop
    volatile boolean disturbed;
    volatile boolean everHeldUp; // paused, stopped, or in the pull form
    volatile boolean rubbish;
    volatile boolean overLimit; // it has failed because it wrote too much
    volatile boolean refusedMemory; // it has failed for want of memory
    volatile boolean endSeen;
    volatile @Nullable Loop connectsOn; // until that is done
    private @Nullable Throwable unexplained; // a failure for which there was no reason at the time
    private int carried;
    private volatile boolean paused;
    private volatile boolean stopped;

    End(Run run, int id, Form form, Step.Marks marks, OnFailure onFailure, Pipes.Pipe pipe, Hooks hooks) {
        this.run = run;
        this.id = id;
        this.form = form;
        this.marks = marks;
        this.onFailure = onFailure;
        this.pipe = pipe;
        this.hooks = hooks;
        this.everHeldUp = form == Form.PULL;
        hooks.actor = this;
        for (int i = 0; i < SOURCES; i++) {
            sent.add(new ArrayList<>());
        }
    }

    void connectsTo(Server listening) {
        server = listening;
        afterMemberClosed = run.loops().memberClosed();
    }

    /**
     * Whether somebody has to be there at the other end: its listener accepts, and nothing has stopped it, nor was it reported that it failed
     * while its layers shook hands.
     */
    boolean mustBeAccepted() {
        Server mine = server;
        return mine != null
                && !mine.stopped
                && !run.judge().failedAtPeer(local)
                && !run.loops().closing(Loops.of(mine.opened))
                && (afterMemberClosed || !run.loops().memberClosed());
    }

    /** Whether it closes by itself once the peer has ended its stream. */
    boolean closesAtEnd() {
        return pushes() && onFailure == OnFailure.NONE;
    }

    @Nullable
    End peer() {
        return run.end(id ^ 1);
    }

    @Nullable
    Connection<Object, Object> connection() {
        return connection;
    }

    @Nullable
    Loop loop() {
        Connection<Object, Object> c = connection;
        return c == null ? null : c.loop();
    }

    /** On the connection's loop: from now on this end has it. */
    void attach(Connection<Object, Object> c) {
        reader = pipe.reader(hooks);
        closed = track(c.closed(), "closed()");
        local = c.localAddress();
        connection = c;
        if (onFailure != OnFailure.NONE) {
            c.onFailure(this::failed);
        }
        receiveFrom(c);
        if (run.settling()) {
            drain(); // it has come late
        }
    }

    private void receiveFrom(Connection<Object, Object> c) {
        if (closesAtEnd()) {
            c.onMessage(this::message);
        } else if (pushes()) {
            c.onMessage(this::message, this::ended);
        }
    }

    boolean pushes() {
        return form == Form.PUSH || form == Form.ECHO;
    }

    // ---- reading

    private void message(Object message) {
        for (Letter letter : Objects.requireNonNull(reader).read(message)) {
            received(letter);
            letter.release();
        }
        run.userCode().at(Place.MESSAGE, this);
    }

    private void received(Letter letter) {
        End from = run.actorOf(letter, false) instanceof End writer ? writer : null;
        int source = letter.channel % SOURCES;
        run.trace(letter.channel * 1000 + letter.number);
        if (from == null || from != peer()) {
            run.ledger().violated(4, this + " has received " + letter + ", which was not written to it");
            return;
        }
        int next = expected[source];
        if (letter.number < next
                && (owed.remove(source << 24 | letter.number) || perhaps.remove(source << 24 | letter.number))) {
            return;
        }
        if (letter.number < next) {
            run.ledger().violated(1, this + " has received " + letter + " again, or out of order; next is " + next);
            return;
        }
        for (int missing = next; missing < letter.number; missing++) {
            if (from.rubbish || from.mayBeMissing(source, missing)) {
                if (givenUp > owed.size()) {
                    perhaps.add(source << 24 | missing);
                }
                continue;
            }
            if (givenUp > owed.size()) {
                owed.add(source << 24 | missing); // it came for a receive that was given up, and comes by a later one
            } else {
                run.ledger()
                        .violated(
                                1,
                                this + " has received " + letter + " and not number " + missing
                                        + " before it, which was accepted, or whose failure did not end the connection");
            }
        }
        expected[source] = letter.number + 1;
        count++;
        received = count; // publishes the others as well
        answers = letter.first == ECHO;
        switch (letter.kind) {
            case BECOME -> becomeAsAsked();
            case BECAME -> becomeAsAnswered();
            default -> {
                if (form == Form.ECHO && letter.first != ECHO) {
                    write(Letter.Kind.LETTER, letter.length, ECHO, Step.Estimate.RIGHT);
                }
            }
        }
    }

    /** Whether a letter need not arrive although later ones do. */
    private synchronized boolean mayBeMissing(int source, int number) {
        if (sent.get(source).get(number).future == null) {
            return true; // it was refused by an exception
        }
        if (carriedOn == 0) {
            return false;
        }
        for (Sent each : sent.get(source)) {
            if (each.number == number && each.future != null && each.future.isDone() && each.future.failure() != null) {
                return true;
            }
        }
        // A write of another thread had been accepted already when it turned out that it can't be encoded.
        return source != 0 && ++excused <= carriedOn;
    }

    private void ended() {
        endSeen = true;
        run.userCode().at(Place.END, this);
    }

    /** Receives one letter. */
    Ledger.@Nullable Given receive(Wrap wrap, int millis) {
        Connection<Object, Object> c = connection;
        if (c == null || form != Form.PULL || draining) {
            return null;
        }
        if (wrap == Wrap.TASK) {
            Future<?> task = c.loop().task("receive", this::receiveAndAwait);
            Ledger.Given receiving = track(task, "a Task's receive");
            receiving.mayBeCancelled = true;
            return receiving;
        }
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(c, turn);
        Ledger.Given given = track(pending, "receive");
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
                : run.wrap(pending, wrap, millis, this::receiveFailed);
        wrapped.onDone((message, failure) -> outcome(turn, message, failure));
        Ledger.Given all = track(wrapped, wrap + " of receive");
        all.waitsForTime = wrap == Wrap.ANY;
        return all;
    }

    private Ledger.Given track(Future<?> future, String what) {
        return run.ledger().track(future, what + " of " + this, run.step());
    }

    /** In a Task. */
    private @Nullable Object receiveAndAwait() throws IOException {
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(Objects.requireNonNull(connection), turn);
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

    /** One who has asked for a message. Of several, whoever has asked first has the first, though the second may see his earlier. */
    private static final class Turn {
        private boolean over;
        private @Nullable Object message;
    }

    /** Receives; the turn was taken before, since what comes at once may lead to another receive. */
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

    /** What came of a receive, or of what was made of it: a message, or null for the end, or nothing that is known. */
    private void outcome(Turn turn, @Nullable Object message, @Nullable Throwable failure) {
        if (turn.over) {
            return;
        }
        turn.over = true;
        if ((message == null || message == Run.NOTHING) && turns.peekLast() != turn) {
            givenUp++; // what had come for it is for another, though later messages may be with others already
        }
        if (message != null && message != Run.NOTHING) {
            turn.message = message;
        } else if (failure != null) {
            receiveFailed(failure);
        } else if (message == null) {
            endSeen = true;
        }
        for (Turn first = turns.peek(); first != null && first.over; first = turns.peek()) {
            turns.remove();
            if (first.message != null) {
                message(first.message);
            }
        }
        run.userCode().at(message == null && failure == null ? Place.END : Place.CALLBACK, this);
    }

    private void receiveFailed(Throwable failure) {
        if (failure instanceof IOException && !(failure instanceof rill.DeadlineException)) {
            failedWith(failure);
        } else {
            run.judge().of(failure, this + " was given for a letter");
        }
    }

    /** From now on it receives whatever comes. On the loop. */
    void drain() {
        Connection<Object, Object> c = connection;
        if (c == null || form != Form.PULL) {
            return;
        }
        draining = true;
        Turn turn = takeTurn();
        Future<@Nullable Object> pending = ask(c, turn);
        pending.onDone((message, failure) -> {
            outcome(turn, message, failure);
            if (message != null) {
                drain();
            } else if (endSeen) {
                closedHere = true;
                c.close();
            }
        });
    }

    // ---- failing

    private void failed(Failure failure) {
        if (onFailure == OnFailure.CARRY_ON && failure.survivable()) {
            carried++;
            carriedOn = carried;
            failure.carryOn();
            run.judge().of(failure.cause(), "onFailure of " + this + " was told");
        } else {
            failedWith(failure.cause());
        }
        run.userCode().at(Place.FAILURE, this);
        if (onFailure == OnFailure.THROW) {
            throw new Planned.Unchecked();
        }
    }

    /** The connection has failed with this: was there a reason? */
    private void failedWith(Throwable cause) {
        refusedMemory |= Planned.isNoMemory(cause);
        End peer = peer();
        boolean endsByItself = peer != null && peer.closesAtEnd() && shut; // and its patience is over
        boolean reason = endsByItself || troubled() || peer == null || peer.troubled() || Planned.is(cause);
        boolean ours = cause.getMessage() != null && cause.getMessage().contains("hard limit");
        overLimit |= ours;
        failed = true;
        if (cause instanceof IOException || Planned.is(cause)) {
            // That a receive finds it closed follows a failure that was told before, perhaps to an any that has taken
            // another result.
            boolean follows = String.valueOf(cause.getMessage()).endsWith("is closed");
            if (!reason && !ours && !follows && unexplained == null) {
                unexplained = cause;
            }
        } else {
            run.judge().of(cause, this + " has failed with");
        }
    }

    /** Whether one of its writes was refused because of the hard limit, whoever was told of the failure. */
    private synchronized boolean wroteTooMuch() {
        if (overLimit) {
            return true;
        }
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

    /** A failure for which there was no reason, or null. */
    @Nullable
    Throwable unexplained() {
        End peer = peer();
        boolean late =
                peer != null && (peer.refusedMemory || peer.wroteTooMuch()); // that was told there later than to us
        return late || turnedAway() ? null : unexplained;
    }

    /** Whether nobody has opened it at the other end, since who listens there had stopped meanwhile. */
    private boolean turnedAway() {
        End peer = peer();
        return server != null && !mustBeAccepted() && (peer == null || peer.connection == null);
    }

    /** Whether something has happened to this end of which the other may see the consequences. */
    boolean troubled() {
        return closedHere || aborted || failed || planted || disturbed || rubbish || loopClosed();
    }

    boolean failing() {
        return troubled();
    }

    boolean loopClosed() {
        Loop loop = loop();
        return loop != null && run.loops().closing(loop);
    }

    boolean peerWritesRubbish() {
        End peer = peer();
        return peer == null || peer.rubbish;
    }

    // ---- writing

    /** Writes one letter, in the channel of the calling thread. */
    Ledger.@Nullable Given write(int size, Step.Estimate estimate) {
        return switching ? null : write(Letter.Kind.LETTER, size, 0, estimate);
    }

    private Ledger.@Nullable Given write(Letter.Kind kind, int size, int first, Step.Estimate estimate) {
        Connection<Object, Object> c = connection;
        if (c == null || (switching && kind == Letter.Kind.LETTER)) {
            return null;
        }
        int source = run.loops().source(c.loop());
        Letter letter;
        synchronized (this) {
            int number = sent.get(source).size();
            letter = new Letter(kind, id * SOURCES + source, number, size, first, 0);
            sent.get(source).add(new Sent(number, c.closed(), outputEnds));
            written = written + letter.size();
        }
        letter.estimate = switch (estimate) {
            case RIGHT -> letter.size();
            case ZERO -> 0;
            case HUGE -> letter.size() * 10;
        };
        Object message = pipe.wrap(letter, run.ledger(), run.step());
        Future<?> written;
        try {
            written = c.write(message);
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                sent.get(source).set(letter.number, new Sent(letter.number, null, true)); // whoever writes was told
            }
            throw e;
        }
        synchronized (this) {
            sent.get(source).set(letter.number, new Sent(letter.number, written, outputEnds));
        }
        return track(written, "write(" + letter + ")");
    }

    /** Bytes that are nothing. */
    void writeRubbish(int size) {
        Connection<Object, Object> c = connection;
        if (c != null && pipe.raw()) {
            rubbish = true;
            ByteBuf bytes = Unpooled.buffer(size);
            for (int i = 0; i < size; i++) {
                bytes.writeByte('0' + i * 7 % 75);
            }
            run.ledger()
                    .track(c.write(run.ledger().count(bytes, "rubbish", run.step())), "rubbish of " + this, run.step());
        }
    }

    /** The body of a Task: a letter for each that comes. */
    @Nullable
    Object echo(int size) throws IOException {
        while (!draining) {
            if (receiveAndAwait() == null) {
                return null;
            }
            // Neither is an answer answered, nor does the other end answer this one: that would never be over.
            Ledger.Given written =
                    answers || switching ? null : write(Letter.Kind.LETTER, size, ECHO, Step.Estimate.RIGHT);
            if (written != null) {
                written.mayBeCancelled = true; // with the Task
                written.future.await();
            }
        }
        return null;
    }

    // ---- going on with another pipeline

    /** Asks the other end to go on with another pipeline, and does so once that has answered. */
    void become(String wire, String top, String peersTop, boolean withinHandler) {
        End peer = peer();
        Loop loop = loop();
        if (peer == null || loop == null || !mayBecome() || !peer.mayBecome()) {
            return;
        }
        Pipes.Pipe mine = Pipes.of(wire, top, hooks, () -> hooks, pipe);
        if (!mine.keepsLayersOf(pipe)) {
            return; // what such a layer still has in it would be lost
        }
        next = mine;
        became = true;
        peer.became = true;
        peer.next = Pipes.of(wire, peersTop, peer.hooks, () -> peer.hooks, peer.pipe);
        inHandler = withinHandler;
        switching = true;
        peer.switching = true;
        // After what threads outside have written already.
        peer.run.onLoop(Objects.requireNonNull(peer.loop()), () -> {});
        loop.execute(() -> write(Letter.Kind.BECOME, 0, 0, Step.Estimate.RIGHT));
    }

    private boolean mayBecome() {
        return pushes()
                && !pipe.raw()
                && !pipe.readsAhead()
                && !switching
                && !troubled()
                && !shut
                && !isClosed()
                && run.world().virtual();
    }

    private void becomeAsAsked() {
        Connection<Object, Object> c = Objects.requireNonNull(connection);
        c.stop();
        run.onLoopLater(c.loop(), () -> {
            Ledger.Given answer = write(Letter.Kind.BECAME, 0, 0, Step.Estimate.RIGHT);
            if (answer != null && answer.future.failure() != null) {
                aborted = true; // there is no room for it, and the other end waits
                c.abort();
            } else {
                becomeNext();
            }
        });
    }

    private void becomeAsAnswered() {
        Connection<Object, Object> c = Objects.requireNonNull(connection);
        c.stop();
        if (inHandler) {
            becomeNext();
        } else {
            run.onLoopLater(c.loop(), this::becomeNext);
        }
    }

    private void becomeNext() {
        Connection<Object, Object> c = Objects.requireNonNull(connection);
        Pipes.Pipe wanted = Objects.requireNonNull(next);
        run.attempt(() -> {
            Connection<Object, Object> fresh;
            try {
                fresh = c.become(wanted.pipeline);
            } catch (IllegalStateException e) {
                aborted = true; // a layer that holds something back does not let go
                c.abort();
                throw e;
            }
            pipe = wanted;
            reader = wanted.reader(hooks);
            connection = fresh;
            switching = false;
            receiveFrom(fresh);
        });
    }

    // ---- what the program does

    /** A Task that is cancelled, and then receives: what comes is not for it. */
    void receiveCancelled() {
        Connection<Object, Object> c = connection;
        if (c == null || form != Form.PULL) {
            return;
        }
        var task = new AtomicReference<@Nullable Future<?>>();
        Future<?> receiving = c.loop().task("cancelled", () -> {
            while (task.get() == null) {
                Thread.onSpinWait(); // set by the thread that has just started this
            }
            Objects.requireNonNull(task.get()).cancel();
            return receiveAndAwait();
        });
        task.set(receiving);
        track(receiving, "a cancelled Task's receive").mayBeCancelled = true;
    }

    void act(Step.Action action) {
        Connection<Object, Object> c = connection;
        boolean holdsUp = action == Step.Action.PAUSE || action == Step.Action.RESUME || action == Step.Action.STOP;
        if (c == null || (switching && holdsUp)) {
            return;
        }
        switch (action) {
            case PAUSE -> {
                everHeldUp = true;
                paused = true;
                c.pause();
            }
            case RESUME -> {
                paused = false;
                stopped = false;
                c.resume();
            }
            case STOP -> {
                everHeldUp = true;
                stopped = true;
                c.stop();
            }
            case SHUTDOWN_OUTPUT -> {
                shut = true;
                c.shutdownOutput();
            }
            case CLOSE -> {
                noteClosed();
                c.close();
            }
            case ABORT -> {
                aborted = true;
                c.abort();
            }
        }
    }

    void noteClosed() {
        if (!closedHere) {
            closedAt = run.now();
            closedHere = true;
        }
    }

    // ---- in the end

    /** Whether the network can have destroyed what this end had written before it closed. */
    boolean mayHaveReset() {
        Connection<Object, Object> c = connection;
        SocketAddress own = local;
        return c == null || own == null || run.world().mayHaveReset(own, c.remoteAddress());
    }

    /** Whether it has learned by now, by itself, that the peer is gone: nothing keeps it from reading. */
    boolean hearsOfPeer() {
        End peer = peer();
        return connection != null
                && !paused
                && peer != null
                && peer.aborted
                && !peer.closedHere // and had not closed in good order before
                && !peer.failed
                && (peer.pushes() || peer.onFailure != OnFailure.NONE) // who may have failed unheard, and closed
                && !peer.shut
                && peer.mayHaveReset()
                && !endSeen
                && peer.isClosed()
                && peer.written < MOST_UNREAD;
    }

    /** Undoes what holds it up. On the loop. */
    void release() {
        Connection<Object, Object> c = connection;
        if (c != null && (paused || stopped)) {
            paused = false;
            stopped = false;
            c.resume();
        }
    }

    boolean isClosed() {
        return connection == null || (closed != null && closed.future.isDone() && !closed.future.isCancelled());
    }

    Ledger.@Nullable Given closed() {
        return closed;
    }

    /** What the other end has not received of what this one wrote and was not refused; null if nothing. */
    synchronized @Nullable String missingAt(End peer) {
        if (peer.received >= 0 && !peer.owed.isEmpty()) { // the count is read for what it publishes
            return "which came for a receive that was given up: " + peer.owed;
        }
        for (int source = 0; source < SOURCES; source++) {
            List<Sent> all = sent.get(source);
            for (int i = peer.expected[source]; i < all.size(); i++) {
                Future<?> write = all.get(i).future;
                boolean refused = write == null || (write.isDone() && write.failure() != null && !write.isCancelled());
                boolean raced = (became || carriedOn > 0) && source != 0; // or was carried on without
                if (!refused && !raced && !all.get(i).late) {
                    return "number " + i + " of channel " + (id * SOURCES + source) + ", of " + all.size() + ", "
                            + (write != null && write.isDone() ? "accepted" : "which waits");
                }
            }
        }
        return null;
    }

    /** What has happened to it, for people. */
    String state() {
        return "[" + id + " on " + loop() + ":" + (closedHere ? " closed by the program" : "")
                + (aborted ? " aborted" : "") + (shut ? " output shut" : "")
                + (failed ? " failed" : "") + (carriedOn > 0 ? " carried on" : "") + (planted ? " threw" : "")
                + (disturbed ? " disturbed" : "") + (everHeldUp ? " was held up" : "") + (endSeen ? " end seen" : "")
                + (isClosed() ? " closed" : " open") + ", " + received + " received]";
    }

    @Override
    public String toString() {
        return "end " + id + (connection == null ? "" : " (" + connection + ")");
    }
}
