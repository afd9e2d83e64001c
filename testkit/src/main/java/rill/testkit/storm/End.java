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
 * One end of a connection of a program: what happens to it, and what may have gone wrong with it. {@link Sending} holds what it has written,
 * {@link Arrivals} what has arrived, {@link Receiving} its pending receives, {@link Becoming} its current and its next pipeline, and {@link Failing}
 * how it has failed.
 */
final class End extends Actor {
    /** Threads and loops from which a letter may be written; see {@link Loops#source}. */
    static final int SOURCES = 16;

    private static final int MOST_UNREAD = 32 * 1024; // less than what is read ahead of a receiver
    static final int ECHO = 1; // in a letter's first number: not to be echoed again

    final Run run;
    final int id;
    final Form form;
    final OnFailure onFailure;
    final Step.Marks marks;
    final Hooks hooks;
    private volatile @Nullable Server server; // the server that it connects to
    private volatile boolean afterMemberClosed; // it began after one of the group's loops was closed
    private final Sending sending;
    private final Arrivals arrivals;
    private final Receiving receiving;
    private final Becoming becoming;
    private final Failing failing;
    private volatile @Nullable Connection<Object, Object> connection;
    volatile @Nullable SocketAddress local; // once connected

    private Ledger.@Nullable Given closed;

    // What has happened to this end; the other end may see the consequences of some of it.
    volatile boolean closedHere;
    volatile long closedAt;
    volatile boolean aborted;
    volatile boolean shut;
    volatile boolean outputEnds; // the program has asked for it, though perhaps on another loop
    volatile boolean disturbed;
    volatile boolean everHeldUp; // paused, stopped, or in the pull form
    volatile boolean rubbish;
    volatile boolean endSeen;
    volatile @Nullable Loop connectsOn; // until connected
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

    /** Whether this end connects to that server: at another one, its own port may be another connection's as well. */
    boolean isFor(Server listening) {
        return server == listening;
    }

    /**
     * Whether the other end must have been accepted: its listener accepts, nothing has stopped it, and no failure was reported during the handshake
     * of its layers.
     */
    boolean mustBeAccepted() {
        Server mine = server;
        return mine != null
                && !mine.stopped
                && !run.judge().failedAtPeer(local)
                && !run.loops().closing(Loops.of(mine.opened))
                && (afterMemberClosed || !run.loops().memberClosed());
    }

    /** Whether this end closes on its own once the peer has ended its stream. */
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

    /** Whether this end has switched to another pipeline, or is about to. */
    boolean became() {
        return becoming.wasAsked();
    }

    /** Attaches the connection to this end. On the connection's loop. */
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
            receiving.drain(); // it has arrived late
        }
    }

    /** Continues with this connection. */
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

    /** A message has arrived, and it is its turn. */
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

    /** Whether this end was never opened on the other side, because the listener there had stopped meanwhile. */
    boolean wasTurnedAway() {
        End peer = peer();
        return server != null && !mustBeAccepted() && (peer == null || peer.connection == null);
    }

    /** Whether something has happened to this end whose consequences the other may see. */
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

    /**
     * Whether pieces of a stream were received out of order, which happens if a receive is given up while a later one is pending. Then nothing is
     * known of what follows, as if the peer had written rubbish.
     */
    boolean hasReadOutOfOrder() {
        End peer = peer();
        boolean outOfOrder = becoming.pipe().raw() && receiving.givenUp() > 0;
        if (outOfOrder && peer != null) {
            peer.rubbish = true;
        }
        return outOfOrder;
    }

    // ---- writing

    /** Writes one letter in the channel of the calling thread. */
    Ledger.@Nullable Given write(int size, Step.Estimate estimate) {
        return sending.write(Letter.Kind.LETTER, size, 0, estimate);
    }

    /** Writes a letter that must not be answered. */
    Ledger.@Nullable Given echo(int size) {
        return becoming.isUnderWay() ? null : sending.write(Letter.Kind.LETTER, size, ECHO, Step.Estimate.RIGHT);
    }

    // // ---- what the program does

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
                c.resume(); // throws on another thread than the loop's, and then it is still held up
                paused = false;
                stopped = false;
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

    /** Whether the network can have destroyed bytes that this end wrote before it closed. */
    boolean mayHaveReset() {
        Connection<Object, Object> c = connection;
        SocketAddress own = local;
        return c == null || own == null || run.world().mayHaveReset(own, c.remoteAddress());
    }

    /** Whether this end must have noticed on its own that the peer is gone, since nothing keeps it from reading. */
    boolean hearsOfPeer() {
        End peer = peer();
        return connection != null
                && !paused
                && peer != null
                && peer.aborted
                && !peer.closedHere // and had not closed in order before
                && !peer.failing.hasFailed()
                && (peer.pushes() || peer.onFailure != OnFailure.NONE) // otherwise it may have failed unheard
                && !peer.shut
                && peer.mayHaveReset()
                && !endSeen
                && peer.isClosed()
                && peer.sending.bytes() < MOST_UNREAD;
    }

    /** Releases everything that holds this end up. On the loop. */
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

    /** Describes what this end wrote, without being refused, and the other has not received; null if nothing. */
    @Nullable
    String missingAt(End peer) {
        return sending.missingFrom(peer.arrivals);
    }

    /** Describes what has happened to this end, for failures. */
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
