package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/**
 * Accepts connections at an address.
 *
 * <p>If the system refuses to accept for want of descriptors or memory, accepting pauses, that is reported once, and it is tried
 * again every 100 ms.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class Listener {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final Loop loop;
    private final ListenOptions options;
    private final Spread spread;
    private final Consumer<Link> onLink;
    private @Nullable Acceptor acceptor;
    private volatile @Nullable SocketAddress address;
    private SocketOptions acceptedOptions = SocketOptions.none(); // options of what is accepted
    private boolean paused; // by the user
    private boolean refusalReported;
    private volatile boolean stopped;
    private final List<Listener> followers = new CopyOnWriteArrayList<>(); // on other loops, at the same address

    private Listener(Loop loop, ListenOptions options, Spread spread, Consumer<Link> onLink) {
        this.loop = loop;
        this.options = options;
        this.spread = spread;
        this.onLink = onLink;
    }

    static Future<Listener> open(
            Loop loop, SocketAddress address, ListenOptions options, Spread spread, Consumer<Link> onLink) {
        if (loop.closed()) {
            throw new IllegalStateException("listen: " + loop.name() + " is closed");
        }
        var listener = new Listener(loop, options, spread, onLink);
        Callable<Listener> listen = () -> listener.listen(address);
        if (!loop.isCurrent()) {
            return loop.submit(listen);
        }
        Promise<Listener> promise = loop.promise();
        try {
            promise.complete(listen.call());
        } catch (Exception e) {
            promise.fail(e);
        }
        return promise;
    }

    /** One listening socket for each loop, all at the same address; the first speaks for all. */
    static Future<Listener> openEach(
            List<Loop> loops, SocketAddress address, ListenOptions options, Consumer<Link> onLink) {
        Loop first = loops.getFirst();
        return open(first, address, options, Spread.onto(first), onLink)
                .flatMap(leader -> leader.followedBy(loops.subList(1, loops.size()), onLink)
                        .onDone((all, failure) -> {
                            if (failure != null) {
                                leader.close();
                            }
                        }));
    }

    private Future<Listener> followedBy(List<Loop> loops, Consumer<Link> onLink) {
        if (loops.isEmpty()) {
            return Future.of(this);
        }
        Loop next = loops.getFirst();
        return open(next, address(), options, Spread.onto(next), onLink).flatMap(follower -> {
            followers.add(follower);
            return followedBy(loops.subList(1, loops.size()), onLink);
        });
    }

    private Listener listen(SocketAddress wanted) throws IOException {
        if (loop.closing().hasBegun()) {
            throw new IllegalStateException("listen: " + loop.name() + " is closing");
        }
        Acceptor opened =
                loop.selector().listen(wanted, options.backlog(), options.listenerAt(wanted), new Accepting());
        acceptor = opened;
        address = opened.localAddress();
        acceptedOptions = options.socketAt(address());
        loop.links().add(this);
        return this;
    }

    /** The address, with the port that the system chose if it was 0. */
    public SocketAddress address() {
        return Objects.requireNonNull(address);
    }

    /** Stops accepting for a while; connections wait in the backlog. */
    public void pause() {
        followers.forEach(Listener::pause);
        onLoop(() -> {
            paused = true;
            acceptor().pause();
        });
    }

    /** Undoes {@link #pause}. */
    public void resume() {
        followers.forEach(Listener::resume);
        onLoop(() -> {
            paused = false;
            acceptor().resume();
        });
    }

    /**
     * Stops listening and gives the address back; the file of a Unix domain socket is removed. Connections that were accepted
     * stay.
     */
    public void close() {
        followers.forEach(Listener::close);
        onLoop(this::stop);
    }

    private void onLoop(Runnable action) {
        Runnable unlessStopped = () -> {
            if (!stopped) {
                action.run();
            }
        };
        if (loop.isCurrent()) {
            unlessStopped.run();
        } else if (!loop.closed()) {
            loop.enqueue(new Handle(loop, toString(), unlessStopped));
        }
    }

    void stop() {
        stopped = true;
        acceptor().close();
        loop.links().remove(this);
    }

    private Acceptor acceptor() {
        return Objects.requireNonNull(acceptor);
    }

    private void retry() {
        if (!stopped && !paused) {
            acceptor().resume();
        }
    }

    /** Opens an accepted socket on its loop; on that loop's thread. */
    private void adopt(Loop target, AcceptedSocket socket) {
        if (target.closing().hasBegun()) {
            target.links().unexpect();
            socket.close();
            return;
        }
        var adopted = new Adoption(target);
        var link = new Link(target, options.limits(), adopted);
        adopted.link = link;
        try {
            link.wire(target.selector().open(socket, acceptedOptions, link));
        } catch (RuntimeException e) {
            target.links().unexpect();
            socket.close();
            target.report(new Report.Thrown(target.name(), toString(), e));
        }
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
            socket.close();
        }

        @Override
        String label() {
            return "connection from " + Listener.this;
        }
    }

    /** An accepted socket on its loop, not yet a connection. */
    private final class Adoption implements Consumer<@Nullable Throwable> {
        private final Loop target;
        private @Nullable Link link;

        Adoption(Loop target) {
            this.target = target;
        }

        @Override
        public void accept(@Nullable Throwable failure) {
            if (failure == null) {
                onLink.accept(Objects.requireNonNull(link));
            } else {
                target.links().unexpect();
            }
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
            Loop target = spread.next();
            target.links().expect();
            if (target == loop) {
                adopt(loop, socket);
            } else {
                target.enqueue(new Arrival(target, socket));
            }
        }

        @Override
        public void failed(IOException cause) {
            if (!refusalReported) {
                refusalReported = true;
                loop.report(new Report.AcceptPaused(loop.name(), Listener.this.toString(), cause));
            }
            loop.schedule(RETRY, "another try of " + Listener.this, Listener.this::retry);
        }
    }
}
