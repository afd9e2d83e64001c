package rill;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import rill.spi.Driver;

/**
 * Several loops, each with its own thread, that share the connections of their listeners. If the transport has a {@link Driver}, as in a simulation,
 * that drives them instead. Each accepted connection goes to the loop with the fewest; with {@link ListenOptions#reusePort}, the system chooses.
 *
 * <p>If one of the loops closes, or its selector breaks, that loop takes no more connections, and the others continue. If it was the one that
 * accepted for all, another one listens at the same address; what waited in the backlog is lost.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class LoopGroup implements Serving {
    private final List<Loop> loops;
    private final AtomicInteger turn = new AtomicInteger(); // of connects from outside
    private final ShutdownHook hook = new ShutdownHook();
    private volatile boolean closing;

    private LoopGroup(List<Loop> loops) {
        this.loops = loops;
    }

    /** Opens as many loops as there are processors. */
    public static LoopGroup open() throws IOException {
        return open(Runtime.getRuntime().availableProcessors(), LoopOptions.defaults());
    }

    /** Opens this many loops, with the default options. */
    public static LoopGroup open(int size) throws IOException {
        return open(size, LoopOptions.defaults());
    }

    /** Opens this many loops. If one of them can't be opened, none is left open. */
    public static LoopGroup open(int size, LoopOptions options) throws IOException {
        if (size < 1) {
            throw new IllegalArgumentException("a LoopGroup needs at least one loop, not " + size);
        }
        var opened = new ArrayList<Loop>(size);
        try {
            for (int i = 1; i <= size; i++) {
                String name = options.name();
                Loop loop = Loop.open(name == null ? options : options.name(name + "-" + i));
                opened.add(loop);
                if (loop.environment().driver() == null) {
                    loop.start();
                }
            }
        } catch (Throwable t) {
            for (Loop each : opened) {
                letGo(each, t);
            }
            throw t;
        }
        return new LoopGroup(List.copyOf(opened));
    }

    /** Closes a loop; waits for its end only where that is possible. */
    private static void letGo(Loop opened, Throwable why) {
        try {
            if (OnLoop.current() == null) {
                opened.close();
            } else {
                opened.closing().start(Duration.ZERO);
            }
        } catch (Throwable t) {
            why.addSuppressed(t);
        }
    }

    /** {@link Loop#metrics} of all loops together. */
    public LoopMetrics metrics() {
        return loops.stream().map(Loop::metrics).reduce(LoopMetrics.NOTHING, LoopMetrics::plus);
    }

    /** The loops. */
    public List<Loop> loops() {
        return loops;
    }

    /**
     * The loop with the fewest connections, of those that are neither closed nor closing.
     *
     * @throws IllegalStateException if there is none
     */
    public Loop next() {
        Loop next = emptiest();
        if (next == null) {
            throw new IllegalStateException("next: every loop of the LoopGroup is closed: " + loops);
        }
        return next;
    }

    @Override
    public <R, W> Future<Connection<R, W>> connect(
            SocketAddress address, Pipeline<R, W> pipeline, ConnectOptions options) {
        return connecting().connect(address, pipeline, options);
    }

    @Override
    public <Q, A> Future<Client<Q, A>> connect(
            SocketAddress address, ClientProtocol<Q, A> protocol, ConnectOptions options) {
        return connecting().connect(address, protocol, options);
    }

    /** The loop for a connection of the caller's: the current one, if it is one of these and still connects. */
    private Loop connecting() {
        Loop here = Loop.current();
        if (here != null && connects(here) && loops.contains(here)) {
            return here;
        }
        Loop emptiest = emptiest(LoopGroup::connects, turn.getAndIncrement()); // one being made does not count yet
        return emptiest == null ? loops.getFirst() : emptiest; // which says that it is closed
    }

    private static boolean connects(Loop loop) {
        return !loop.closing().connectsNoMore();
    }

    /**
     * Opens a pool as {@link Loop#pool} does, whose connections are spread over the loops: each lives on the loop that has the fewest, so that calls
     * from outside are carried by several threads. The pool belongs to the first loop that is open, and is closed with it.
     *
     * @throws IllegalArgumentException if the options contradict each other or the protocol
     * @throws IllegalStateException if every loop is closed
     */
    @Override
    public <Q, A> Pool<Q, A> pool(SocketAddress address, ClientProtocol<Q, A> protocol, PoolOptions options) {
        Loop home = loops.stream()
                .filter(loop -> !loop.closing().hasBegun())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("pool: every loop of the LoopGroup is closed: " + loops));
        return Pool.open(home, () -> emptiest(LoopGroup::connects), loops.size() > 1, address, protocol, options);
    }

    private @Nullable Loop emptiest() {
        return closing ? null : emptiest(loop -> !loop.closing().hasBegun());
    }

    private @Nullable Loop emptiest(Predicate<Loop> suitable) {
        return emptiest(suitable, 0);
    }

    /** Of several that have the fewest connections, it is the first from {@code start} on. */
    private @Nullable Loop emptiest(Predicate<Loop> suitable, int start) {
        return IntStream.range(0, loops.size())
                .mapToObj(i -> loops.get(Math.floorMod(start + i, loops.size())))
                .filter(suitable)
                .min(Comparator.comparingInt(Loop::connections))
                .orElse(null);
    }

    Future<Listener> open(SocketAddress address, ListenOptions options, ThrowingConsumer<Link> onLink) {
        List<Loop> open =
                loops.stream().filter(loop -> !loop.closing().hasBegun()).toList();
        if (open.isEmpty()) {
            open = loops; // the first one fails with "closed"
        }
        return options.reusePort()
                ? Listener.openEach(open, address, options, onLink)
                : Listener.open(open.getFirst(), address, options, this::emptiest, onLink);
    }

    @Override
    public void close(Duration deadline) {
        if (OnLoop.current() != null) {
            throw new IllegalStateException("close of a LoopGroup inside a callback or a Task would wait for itself");
        }
        closing = true;
        try {
            closeAll(deadline);
        } finally {
            hook.remove(); // until then the JVM waits
        }
    }

    private void closeAll(Duration deadline) {
        Loop first = loops.getFirst();
        var departure = new Departure(loops);
        Each.of(loops, first, "closing of a group", null, loop -> start(loop, deadline, departure));
        if (first.environment().driver() != null) { // which drives all of them
            loops.forEach(loop -> loop.close(deadline));
            return;
        }
        var closers = loops.stream()
                .map(loop -> Threads.shared()
                        .name("close of " + loop.name())
                        .daemon(false)
                        .start(() -> loop.close(deadline)))
                .toList();
        Compensated.run(() -> Threads.join(closers));
    }

    private static void start(Loop loop, Duration deadline, Departure departure) {
        boolean begun = false;
        try {
            begun = loop.closing().start(deadline, departure);
        } finally {
            if (!begun || loop.isClosed()) { // it closes by itself, can't be told, or has broken meanwhile
                departure.ready(loop);
            }
        }
    }

    @Override
    public void join() throws InterruptedIOException {
        for (Loop loop : loops) {
            loop.join();
        }
    }

    @Override
    public void closeOnShutdown(Duration deadline) {
        Objects.requireNonNull(deadline, "deadline");
        if (loops.getFirst().environment().driver() == null) {
            hook.set(this, deadline);
        }
    }
}
