package rill.testkit.storm;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.testkit.storm.Step.Form;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Place;

/**
 * One end of a connection of a program: what happens to it, and what may have gone wrong with it. What it has written is its {@link Sending}, what
 * has come its {@link Arrivals}; {@link Receiving} are those who have asked for a message, {@link Becoming} is its pipeline, and the next one, and {@link Failing} how it has failed.
 */
final class End extends Actor {
    /** Threads and loops that a letter may be written from: see {@link Loops#source}. */
    static final int SOURCES = 16;

    private static final int MOST_UNREAD = 32 * 1024; // less than what is read ahead of a receiver
    static final int ECHO = 1; // in a letter's first number: not to be echoed again

    final Run run;
    final int id;
    final Form form;
    final OnFailure onFailure;
    final Step.Marks marks;
    final Hooks hooks;
    private volatile @Nullable Server server; // that it connects to
    private volatile boolean afterMemberClosed; // it began when one of the group's loops was closed
    private final Sending sending;
    private final Arrivals arrivals;
    private final Receiving receiving;
    private final Becoming becoming;
    private final Failing failing;
    private volatile @Nullable Connection<Object, Object> connection;
    volatile @Nullable SocketAddress local; // once connected

    private Ledger.@Nullable Given closed;

    // What happened to it; of some of these the other end is entitled to see the consequences.
    volatile boolean closedHere;
    volatile long closedAt;
    volatile boolean aborted;
    volatile boolean shut;
    volatile boolean outputEnds; // the program has asked for it, though perhaps on another loop
    volatile boolean disturbed;
    volatile boolean everHeldUp; // paused, stopped, or in the pull form
    volatile boolean rubbish;
    volatile boolean endSeen;
    volatile @Nullable Loop connectsOn; // until that is done
    private volatile boolean paused;
    private volatile boolean stopped;

    End(Run run, int id, Form form, Step.Marks marks, OnFailure onFailure, Pipes.Pipe pipe, Hooks hooks) {
        this.run = run;
        this.id = id;
        this.form = form;
        this.marks = marks;
        this.onFailure = onFailure;
        this.hooks = hooks;
        this.everHeldUp = form == Form.PULL;
        this.sending = new Sending(this);
        this.arrivals = new Arrivals(this);
        this.receiving = new Receiving(this);
        this.becoming = new Becoming(this, pipe);
        this.failing = new Failing(this);
        hooks.actor = this;
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

    Sending sending() {
        return sending;
    }

    Arrivals arrivals() {
        return arrivals;
    }

    Receiving receiving() {
        return receiving;
    }

    Becoming becoming() {
        return becoming;
    }

    Failing failing() {
        return failing;
    }

    /** Whether it has gone on with another pipeline, or is about to. */
    boolean became() {
        return becoming.wasAsked();
    }

    /** On the connection's loop: from now on this end has it. */
    void attach(Connection<Object, Object> c) {
        becoming.begin();
        closed = track(c.closed(), "closed()");
        local = c.localAddress();
        connection = c;
        if (onFailure != OnFailure.NONE) {
            c.onFailure(failing::told);
        }
        receiveFrom(c);
        if (run.settling()) {
            receiving.drain(); // it has come late
        }
    }

    /** It is this from now on. */
    void goesOnAs(Connection<Object, Object> fresh) {
        connection = fresh;
    }

    void receiveFrom(Connection<Object, Object> c) {
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

    /** A message has come, and its turn. */
    void message(Object message) {
        for (Letter letter : becoming.read(message)) {
            received(letter);
            letter.release();
        }
        run.userCode().at(Place.MESSAGE, this);
    }

    private void received(Letter letter) {
        if (!arrivals.accepts(letter, receiving.givenUp())) {
            return;
        }
        switch (letter.kind) {
            case BECOME -> becoming.asAsked();
            case BECAME -> becoming.asAnswered();
            default -> {
                if (form == Form.ECHO && letter.first != ECHO) {
                    sending.write(Letter.Kind.LETTER, letter.length, ECHO, Step.Estimate.RIGHT);
                }
            }
        }
    }

    private void ended() {
        endSeen = true;
        run.userCode().at(Place.END, this);
    }

    Ledger.Given track(Future<?> future, String what) {
        return run.ledger().track(future, what + " of " + this, run.step());
    }

    // ---- failing

    /** Whether nobody has opened it at the other end, since who listens there had stopped meanwhile. */
    boolean wasTurnedAway() {
        End peer = peer();
        return server != null && !mustBeAccepted() && (peer == null || peer.connection == null);
    }

    /** Whether something has happened to this end of which the other may see the consequences. */
    boolean troubled() {
        return closedHere || aborted || failing.hasFailed() || planted || disturbed || rubbish || loopClosed();
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
        return sending.write(Letter.Kind.LETTER, size, 0, estimate);
    }

    /** Writes a letter that is not to be answered. */
    Ledger.@Nullable Given echo(int size) {
        return becoming.isUnderWay() ? null : sending.write(Letter.Kind.LETTER, size, ECHO, Step.Estimate.RIGHT);
    }

    // ---- what the program does

    void act(Step.Action action) {
        Connection<Object, Object> c = connection;
        boolean holdsUp = action == Step.Action.PAUSE || action == Step.Action.RESUME || action == Step.Action.STOP;
        if (c == null || (becoming.isUnderWay() && holdsUp)) {
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
                && !peer.failing.hasFailed()
                && (peer.pushes() || peer.onFailure != OnFailure.NONE) // who may have failed unheard, and closed
                && !peer.shut
                && peer.mayHaveReset()
                && !endSeen
                && peer.isClosed()
                && peer.sending.bytes() < MOST_UNREAD;
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
    @Nullable
    String missingAt(End peer) {
        return sending.missingFrom(peer.arrivals);
    }

    /** What has happened to it, for people. */
    String state() {
        return "[" + id + " on " + loop() + ":" + (closedHere ? " closed by the program" : "")
                + (aborted ? " aborted" : "") + (shut ? " output shut" : "")
                + (failing.hasFailed() ? " failed" : "") + (failing.carriedOn() > 0 ? " carried on" : "")
                + (planted ? " threw" : "")
                + (disturbed ? " disturbed" : "") + (everHeldUp ? " was held up" : "") + (endSeen ? " end seen" : "")
                + (isClosed() ? " closed" : " open") + ", " + arrivals.count() + " received]";
    }

    @Override
    public String toString() {
        return "end " + id + (connection == null ? "" : " (" + connection + ")");
    }
}
