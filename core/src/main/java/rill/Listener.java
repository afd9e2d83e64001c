package rill;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/**
 * Accepts connections at an address.
 *
 * <p>If the system refuses to accept for want of descriptors or memory, accepting pauses; this is reported once, and it is retried every 100 ms. If
 * as many connections are open as {@link ListenOptions#connections} allows, accepting pauses until one has ended.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class Listener implements AutoCloseable {
    private static final Duration RETRY = Duration.ofMillis(100);
    private static final int TRIES = 100;

    private final Loop loop;
    private final ListenOptions options;
    private final Spread spread;
    private final ThrowingConsumer<Link> onLink;
    private @Nullable Acceptor acceptor;
    private volatile @Nullable SocketAddress address;
    private SocketOptions acceptedOptions = SocketOptions.none(); // of accepted connections
    private volatile boolean paused; // by the user
    private boolean refusalReported;
    private volatile boolean stopped;
    private final List<Listener> followers = new CopyOnWriteArrayList<>(); // on other loops, at the same address
    private final Listener leader; // the one that the user holds
    private volatile boolean closed; // by the user
    private final AtomicInteger open = new AtomicInteger(); // of the leader: the connections of all
    private volatile boolean fullReported; // of the leader
    private final Admission admission = new Admission(this);

    /**
     * @param leader null if this is the one that the user holds
     */
    private Listener(
            Loop loop, ListenOptions options, Spread spread, ThrowingConsumer<Link> onLink, @Nullable Listener leader) {
        this.loop = loop;
        this.options = options;
        this.spread = spread;
        this.onLink = onLink;
        this.leader = leader == null ? this : leader;
    }

    /** Replaces a listener whose loop is ending. */
    private Listener(Listener before, Loop loop) {
        this.loop = loop;
        this.options = before.options;
        this.spread = before.spread;
        this.onLink = before.onLink;
        this.leader = before.leader;
        this.address = before.address;
    }

    static Future<Listener> open(
            Loop loop, SocketAddress address, ListenOptions options, Spread spread, ThrowingConsumer<Link> onLink) {
        return open(loop, address, new Listener(loop, options, spread, onLink, null));
    }

    private static Future<Listener> open(Loop loop, SocketAddress address, Listener listener) {
        Promise<Listener> promise = new Offer<>(loop, Listener::close);
        if (loop.isCurrent()) {
            listener.listen(address, promise);
        } else {
            loop.enqueue(listener.new Opening(address, promise));
        }
        return promise;
    }

    /** A request to listen, on its way to the loop. */
    private final class Opening extends Node {
        private final SocketAddress wanted;
        private final Promise<Listener> promise;

        Opening(SocketAddress wanted, Promise<Listener> promise) {
            this.wanted = wanted;
            this.promise = promise;
        }

        @Override
        void execute() {
            listen(wanted, promise);
        }

        @Override
        void discard() {
            promise.fail(loop.cancelledByClose("listen"));
        }

        @Override
        String label() {
            return "listen at " + wanted;
        }
    }

    private void listen(SocketAddress wanted, Promise<Listener> promise) {
        if (promise.isDone()) {
            return;
        }
        try {
            if (!promise.complete(listen(wanted))) {
                close(); // cancelled meanwhile, by another thread
            }
        } catch (Throwable t) {
            promise.fail(t);
        }
    }

    /** Opens a listening socket for each loop, all at the same address; the first listener represents all. */
    static Future<Listener> openEach(
            List<Loop> loops, SocketAddress address, ListenOptions options, ThrowingConsumer<Link> onLink) {
        Loop first = loops.getFirst();
        return open(first, address, options, Spread.onto(first), onLink).flatMap(leader -> {
            Future<Listener> all = leader.followedBy(loops.subList(1, loops.size()), onLink);
            all.addDependent(new CloseUponFailure(leader));
            return all;
        });
    }

    /** Closes the leader if a follower has failed, or nobody waits for them any more. */
    private record CloseUponFailure(Listener leader) implements Bystander {
        @Override
        public void settled(Future<?> source) {
            if (source.hasFailed()) {
                leader.close();
            }
        }

        @Override
        public Loop home() {
            return leader.loop;
        }
    }

    Future<Listener> followedBy(List<Loop> loops, ThrowingConsumer<Link> onLink) {
        if (loops.isEmpty()) {
            Promise<Listener> all = new Offer<>(loop, Listener::close);
            all.complete(this);
            return all;
        }
        Loop next = loops.getFirst();
        return open(next, address(), new Listener(next, options, Spread.onto(next), onLink, this))
                .flatMap(follower -> {
                    followers.add(follower);
                    if (closed) { // closed meanwhile, without seeing this follower
                        follower.close();
                    }
                    return followedBy(loops.subList(1, loops.size()), onLink);
                });
    }

    private Listener listen(SocketAddress wanted) throws IOException {
        if (loop.closing().hasBegun()) {
            throw new CancelledException("listen: " + loop.name() + " is closing");
        }
        bind(wanted);
        loop.links().add(this);
        return this;
    }

    private void bind(SocketAddress wanted) throws IOException {
        Acceptor opened =
                loop.selector().listen(wanted, options.backlog(), options.listenerAt(wanted), new Accepting());
        acceptor = opened;
        address = opened.localAddress();
        acceptedOptions = options.socketAt(address());
        if (isPaused() || isFull()) {
            opened.pause();
        }
    }

    /** The address; if its port was 0, with the port that the system chose. */
    public SocketAddress address() {
        return Objects.requireNonNull(address);
    }

    /**
     * The TCP port of {@link #address()}; if that was 0, the one that the system chose.
     *
     * @throws IllegalStateException if it listens at a Unix domain socket, which has no port
     */
    public int port() {
        if (address() instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw new IllegalStateException(this + " has no port; ask for its address()");
    }

    /** Stops accepting for a while; connections wait in the backlog. */
    public void pause() {
        paused = true; // first: a new successor checks it once it is among the followers
        eachFollower(Listener::pause);
        onLoop(() -> {
            if (acceptor != null) {
                acceptor.pause();
            }
        });
    }

    /** A listener that replaces another one is paused together with that one. */
    private boolean isPaused() {
        return paused || leader.paused;
    }

    /** Undoes {@link #pause}. */
    public void resume() {
        paused = false;
        eachFollower(Listener::resume);
        onLoop(this::retry);
    }

    /**
     * Stops listening and releases the address; the file of a Unix domain socket is removed. Connections that were accepted stay open. Does not wait.
     */
    @Override
    public void close() {
        closed = true;
        eachFollower(Listener::close);
        onLoop(this::stop);
    }

    /** Whether it listens, paused or not: false once it was closed, or every loop that could listen for it was. */
    public boolean isOpen() {
        return !closed && (!stopped || followers.stream().anyMatch(each -> !each.stopped));
    }

    /** Whether the user has closed this listener, or the one that it stands in for. */
    boolean isOver() {
        return leader.closed;
    }

    private void eachFollower(Consumer<Listener> action) {
        Each.of(followers, loop, "", this, action);
    }

    private void onLoop(Runnable action) {
        Runnable unlessStopped = () -> {
            if (!stopped) {
                action.run();
            }
        };
        if (loop.isCurrent()) {
            unlessStopped.run();
        } else if (!loop.isClosed()) {
            loop.enqueue(new Handle(loop, toString(), unlessStopped));
        }
    }

    void stop() {
        stopped = true;
        loop.links().remove(this);
        if (acceptor != null) {
            acceptor.close();
        }
    }

    /** This listener's loop takes nothing more: if other loops of its group do, one of them listens instead. */
    void loopEnds() {
        Succession next = null;
        try {
            next = succession();
        } finally {
            try {
                stop();
            } finally {
                begin(next);
            }
        }
    }

    /** Returns null if nobody will listen in place of this one. Otherwise the successor is a follower at once, so that the listener stays open. */
    private @Nullable Succession succession() {
        Loop heir = isOver() ? null : spread.next();
        if (heir == null) {
            return null;
        }
        var successor = new Listener(this, heir);
        var next = new Succession(successor, loop);
        leader.followers.add(successor);
        return next;
    }

    private static void begin(@Nullable Succession next) {
        if (next == null) {
            return;
        }
        Listener successor = next.successor;
        try {
            successor.loop.enqueue(next);
        } catch (Throwable t) { // no memory, or the loop's Driver threw
            successor.stopped = true;
            throw t;
        }
    }

    /** A listener on its way to the loop that will listen in place of another one. */
    private static final class Succession extends Node {
        private final Listener successor;
        private final Loop before;

        Succession(Listener successor, Loop before) {
            this.successor = successor;
            this.before = before;
        }

        @Override
        void execute() {
            if (successor.stopped || successor.leader.closed) {
                return;
            }
            if (successor.loop.closing().hasBegun()) { // it began to close meanwhile, and did not stop this one
                discard();
                return;
            }
            successor.loop.links().add(successor);
            successor.takeOver(before, TRIES);
        }

        @Override
        void discard() {
            Succession next = successor.succession(); // that loop is ending as well
            successor.stopped = true;
            Listener.begin(next);
        }

        @Override
        String label() {
            return "moving of " + successor;
        }
    }

    /** Binds the address, with retries: it may take a moment until the address is free. */
    private void takeOver(Loop before, int tries) {
        if (stopped) {
            return;
        }
        try {
            bind(address());
        } catch (Throwable t) {
            if (tries == 0) {
                stop();
                loop.threw("moving here of ", this, t);
            } else {
                loop.schedule(RETRY, "moving of ", this, () -> takeOver(before, tries - 1));
            }
            return;
        }
        loop.report(new Report.Note(
                loop.name(), loop.name() + ": " + this + " has moved here, since " + before.name() + " ends", false));
    }

    private void retry() {
        if (!stopped && !isPaused() && !isFull() && acceptor != null) {
            try {
                acceptor.resume();
            } catch (Throwable t) { // no memory, or a transport's mistake
                loop.threw("", this, t);
                retryLater();
            }
        }
    }

    private void retryLater() {
        loop.schedule(RETRY, "another try of ", this, this::retry);
    }

    // ---- the bound of connections

    private boolean isFull() {
        return leader.open.get() >= options.connections();
    }

    /** Counts one more connection: at the bound all listeners pause, this one at once. */
    private void begins() {
        if (leader.open.incrementAndGet() < options.connections()) {
            return;
        }
        leader.pauseIfFull();
        leader.followers.forEach(Listener::pauseIfFull);
        if (!leader.fullReported) {
            leader.fullReported = true;
            loop.report(new Report.AcceptPaused(
                    loop.name(),
                    toString(),
                    new IOException(options.connections() + " connections are open, the bound of its ListenOptions")));
        }
    }

    private void pauseIfFull() {
        onLoop(() -> {
            if (acceptor != null && isFull()) {
                acceptor.pause();
            }
        });
    }

    /** Counts one less. From any thread. Never throws: the connection has ended, even if a listener can't make use of that. */
    void ended() {
        int left = leader.open.decrementAndGet();
        if (left == options.connections() - 1) {
            leader.hasRoom();
            leader.followers.forEach(Listener::hasRoom);
        }
        if (left <= options.connections() / 2) {
            leader.fullReported = false;
        }
    }

    private void hasRoom() {
        loop.runReporting("", this, () -> onLoop(this::retry));
    }

    /** Passes an accepted socket to a loop. Called on the listener's loop, or on a loop that turned out unable to take the socket. */
    private void place(AcceptedSocket socket) {
        Loop target = spread.next();
        if (target == null) {
            loop.counters().refused.getAndIncrement();
            ended();
            socket.close();
            return;
        }
        target.links().expect();
        if (target.isCurrent()) {
            adopt(target, socket);
            return;
        }
        try {
            target.enqueue(new Arrival(target, socket));
        } catch (Throwable t) {
            refused(target, socket, t);
        }
    }

    /** Opens an accepted socket on its loop; on that loop's thread. */
    private void adopt(Loop target, AcceptedSocket socket) {
        if (target.closing().hasBegun()) {
            target.links().unexpect();
            place(socket);
            return;
        }
        Adoption adoption = null;
        try {
            adoption = new Adoption(target);
            var link = new Link(target, options.limits(), adoption).from(admission);
            adoption.link = link;
            target.links().arrives(adoption);
            link.wire(target.selector().open(socket, acceptedOptions, link));
        } catch (Throwable t) {
            refused(target, socket, t);
            if (adoption != null) {
                target.links().arrived(adoption);
            }
        }
    }

    /** Drops a socket that could not be opened. The failure concerns this socket only. */
    private void refused(Loop target, AcceptedSocket socket, Throwable cause) {
        target.counters().refused.getAndIncrement();
        target.links().unexpect();
        ended();
        socket.close();
        target.threw("", this, cause);
    }

    /** An accepted socket on its way to its loop. */
    private final class Arrival extends Node {
        private final Loop target;
        private final AcceptedSocket socket;

        Arrival(Loop target, AcceptedSocket socket) {
            this.target = target;
            this.socket = socket;
        }

        @Override
        void execute() {
            adopt(target, socket);
        }

        @Override
        void discard() {
            target.links().unexpect();
            place(socket);
        }

        @Override
        String label() {
            return "connection from " + Listener.this;
        }
    }

    /** An accepted socket on its loop that is not a connection yet; {@link #run} is called if the loop ends before it is one. */
    private final class Adoption implements Consumer<@Nullable Throwable>, Runnable {
        private final Loop target;
        private @Nullable Link link;
        private boolean over;

        Adoption(Loop target) {
            this.target = target;
        }

        @Override
        public void accept(@Nullable Throwable failure) {
            if (over) {
                return;
            }
            over = true;
            if (failure != null) {
                target.counters().refused.getAndIncrement();
                target.links().unexpect();
                ended();
            } else {
                begin(Objects.requireNonNull(link));
            }
            target.links().arrived(this);
        }

        private void begin(Link opened) {
            try {
                target.links().boundIdleTime(opened, options.idleTime());
                onLink.accept(opened);
            } catch (Throwable t) {
                opened.failed(t, true);
            }
        }

        @Override
        public void run() {
            accept(new CancelledException(target.name() + " has ended"));
            Objects.requireNonNull(link).wire().abort();
        }
    }

    @Override
    public String toString() {
        return "listener at " + address;
    }

    private final class Accepting implements AcceptListener {
        @Override
        public void accepted(AcceptedSocket socket) {
            refusalReported = false;
            try {
                begins();
                place(socket);
            } catch (Throwable t) { // no memory: affects this connection only, and must not reach the selector
                loop.counters().refused.getAndIncrement();
                ended();
                socket.close();
                loop.threw("", Listener.this, t);
            }
        }

        @Override
        public void failed(IOException cause) {
            loop.counters().acceptsFailed++;
            loop.runReporting("", Listener.this, () -> goOnLater(cause));
        }

        private void goOnLater(IOException cause) {
            retryLater(); // first, since the rest may fail
            if (!refusalReported) {
                refusalReported = true;
                loop.report(new Report.AcceptPaused(loop.name(), Listener.this.toString(), cause));
            }
        }
    }
}
