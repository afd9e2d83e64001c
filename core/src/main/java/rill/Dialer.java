package rill;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;

/**
 * Makes one connection: looks up the name, races its addresses, hands over the first that answers once it is ready, and closes the others.
 *
 * <pre>
 *  resolving ──▶ racing ──▶ opening: every layer ready ──▶ what it needs first ──▶ handed over
 *      │           │ ▲          │                             │
 *      │           └─┘ the next address: a while after the one before, or at once when one has failed
 *      └───────────┴────────────┴─────────────────────────────┴────▶ failed, late, cancelled
 * </pre>
 *
 * <p>One deadline applies to all of it. If it is close, the addresses follow each other faster, so that each has its chance.
 *
 * <p><b>Source:</b> RFC 8305 (Happy Eyeballs), sections 4 and 5.
 */
final class Dialer<T> implements Runnable, Consumer<T>, Purpose {
    /** The Connection Attempt Delay that RFC 8305 recommends, and its minimum. */
    private static final long ATTEMPT_DELAY = Duration.ofMillis(250).toNanos();

    private static final long SHORTEST_DELAY = Duration.ofMillis(10).toNanos();

    /** Receives the failure of a connection that is not handed over yet, which is reported as a failure to connect. */
    private enum Ours implements Consumer<Failure> {
        HEARD;

        @Override
        public void accept(Failure failure) {}
    }

    private enum Phase {
        RESOLVING,
        RACING,
        OPENING,
        FIRST
    }

    private final Loop loop;
    private final SocketAddress address;
    private final ConnectOptions options;
    private final int turn;
    private final Function<Link, T> opener;
    private final @Nullable Function<? super T, ? extends Future<?>> first;
    private final Promise<T> promise;
    private final long deadline;
    private @Nullable Handle timer; // of the deadline
    private @Nullable Route route; // once begun
    private Phase phase = Phase.RESOLVING;

    // Resolving.
    private @Nullable Watch<List<InetAddress>> lookup;

    // Racing.
    private List<? extends SocketAddress> addresses = List.of();
    private int tried;
    private final List<Attempt> racing = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private @Nullable Handle nextAttempt;

    // Opening, and what it needs first.
    private @Nullable Link connected;
    private @Nullable Watch<?> firstStep;
    private @Nullable Watch<?> end; // the end of the connection, meanwhile

    /**
     * @param turn determines which address comes first: see {@link AddressOrder}
     * @param first what is to be done before it is handed over; null for nothing
     */
    Dialer(
            Loop loop,
            SocketAddress address,
            ConnectOptions options,
            int turn,
            Function<Link, T> opener,
            @Nullable Function<? super T, ? extends Future<?>> first) {
        this.loop = loop;
        this.address = Objects.requireNonNull(address, "address");
        this.options = Objects.requireNonNull(options, "options");
        this.turn = turn;
        this.opener = opener;
        this.first = first;
        this.promise = new Offer<>(loop, this);
        this.deadline = loop.nanoTime() + Loop.nanos(options.timeout());
    }

    Future<T> start() {
        if (loop.isCurrent()) {
            begin();
        } else {
            loop.enqueue(new Beginning());
        }
        return promise;
    }

    /** On its way to the loop. */
    private final class Beginning extends Node {
        @Override
        void execute() {
            begin();
        }

        @Override
        void discard() {
            promise.fail(loop.cancelledByClose("connect to " + Wording.address(address)));
        }

        @Override
        String label() {
            return "connect to " + Wording.address(address);
        }
    }

    private void begin() {
        if (promise.isDone()) {
            return;
        }
        if (loop.closing().connectsNoMore()) {
            promise.fail(new CancelledException(
                    "connect to " + Wording.address(address) + ": " + loop.name() + " is closing"));
            return;
        }
        loop.links().add(this);
        guarded(() -> {
            Route way = Route.to(address, options.proxy());
            route = way;
            Duration left = timeLeft();
            if (!left.isPositive()) {
                fail(new DeadlineException(
                        way.purpose() + ": no time is left of its " + Wording.duration(options.timeout())));
                return;
            }
            timer = loop.schedule(left, "connect timeout of ", address, this::late);
            SocketAddress dialed = way.dialed();
            if (dialed instanceof InetSocketAddress inet && inet.isUnresolved()) {
                resolve(inet);
            } else {
                race(List.of(dialed));
            }
        });
    }

    /** Runs a step; whatever is thrown, by a resolver, a transport or for lack of memory, fails this connection at once. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (Throwable t) {
            fail(t);
        }
    }

    private Duration timeLeft() {
        return Duration.ofNanos(deadline - loop.nanoTime());
    }

    private Route route() {
        return Objects.requireNonNull(route);
    }

    // ---- resolving

    private void resolve(InetSocketAddress inet) {
        Future<List<InetAddress>> pending = Objects.requireNonNull(
                loop.environment().resolver().resolve(loop, inet.getHostString()), "the resolver's Future");
        lookup = Watch.on(
                loop,
                pending,
                "the addresses of ",
                address,
                done -> guarded(() -> {
                    Throwable failure = done.failure();
                    resolved(inet.getPort(), failure == null ? done.result() : null, failure);
                }));
    }

    private void resolved(int port, @Nullable List<InetAddress> found, @Nullable Throwable failure) {
        if (promise.isDone()) {
            return;
        }
        if (failure != null) {
            fail(route().told(failure));
        } else if (found == null || found.isEmpty()) {
            fail(new UnknownHostException(route().purpose() + ": the resolver gave no address"));
        } else {
            found.forEach(each -> Objects.requireNonNull(each, "the resolver's address"));
            race(AddressOrder.of(found, turn).stream()
                    .map(each -> new InetSocketAddress(each, port))
                    .toList());
        }
    }

    // ---- racing

    private void race(List<? extends SocketAddress> all) {
        phase = Phase.RACING;
        addresses = all;
        tryNext();
    }

    private void tryNext() {
        if (nextAttempt != null) {
            nextAttempt.cancel();
            nextAttempt = null;
        }
        if (promise.isDone() || connected != null) {
            return;
        }
        if (tried < addresses.size()) {
            new Attempt(addresses.get(tried++)).begin();
            scheduleNext();
        } else if (racing.isEmpty()) {
            fail(summary());
        }
    }

    private void scheduleNext() {
        int left = addresses.size() - tried;
        if (left > 0) {
            long share = timeLeft().dividedBy(left + 1L).toNanos();
            nextAttempt = loop.schedule(
                    Duration.ofNanos(Math.clamp(share, SHORTEST_DELAY, ATTEMPT_DELAY)),
                    "the next attempt to connect to ",
                    address,
                    () -> guarded(this::tryNext));
        }
    }

    /** One address being tried. */
    private final class Attempt {
        private final SocketAddress target;
        private final Link link;
        private final long began = loop.nanoTime();
        private boolean over;

        Attempt(SocketAddress target) {
            this.target = target;
            this.link = new Link(loop, options.limits(), this::ended);
        }

        void begin() {
            link.from(route());
            link.wire(loop.selector().connect(target, options.local(), options.socketTo(target), link));
            racing.add(this);
        }

        void ended(@Nullable Throwable failure) {
            if (over || promise.isDone()) {
                if (failure == null) {
                    drop(); // too late: it is no longer wanted
                }
                return;
            }
            over = true;
            racing.remove(this);
            if (failure != null) {
                failed(failure);
            } else if (reachedItself(link.wire())) {
                drop();
                failed(new ConnectException(
                        "connect to " + target + ": Connection refused: nobody listens there, and the"
                                + " connection reached itself, having that address at both ends"));
            } else {
                won(link);
            }
        }

        private void failed(Throwable failure) {
            failures.add(failure);
            guarded(Dialer.this::tryNext);
        }

        /** Drops a connection that is connected, but counted nowhere yet. */
        private void drop() {
            loop.links().expect();
            link.abort();
        }

        void lose() {
            over = true;
            link.abort();
        }

        DeadlineException late(long now) {
            Duration had = addresses.size() == 1 ? options.timeout() : Duration.ofNanos(now - began);
            return new DeadlineException("connect to " + target + ": no answer within " + Wording.duration(had));
        }
    }

    /**
     * Whether a connection has found itself: TCP can open a connection from both ends at once, so one whose own address is its peer's is its own
     * peer.
     */
    private static boolean reachedItself(Wire wire) {
        if (!(wire.localAddress() instanceof InetSocketAddress local)
                || !(wire.remoteAddress() instanceof InetSocketAddress remote)) {
            return false;
        }
        return local.getPort() == remote.getPort()
                && (remote.getAddress().isAnyLocalAddress() // which is this machine
                        || remote.getAddress().equals(local.getAddress()));
    }

    private void won(Link link) {
        connected = link;
        loop.links().expect();
        endRace();
        open(link);
    }

    private void endRace() {
        if (nextAttempt != null) {
            nextAttempt.cancel();
            nextAttempt = null;
        }
        List<Attempt> losers = List.copyOf(racing);
        racing.clear();
        Each.of(losers, loop, "the end of an attempt to connect", null, Attempt::lose);
    }

    // ---- opening

    private void open(Link link) {
        phase = Phase.OPENING;
        var opening = new Opening();
        link.audience().awaitReady(opening::ready);
        try {
            opening.opened = opener.apply(link);
        } catch (Throwable t) {
            link.audience().awaitNothing();
            fail(t);
            return;
        }
        loop.links().boundIdleTime(link, options.idleTime());
        link.audience().tellIfReady();
    }

    /** Connected, but its layers may have to negotiate with the peer first. */
    private final class Opening {
        private @Nullable T opened;

        void ready(@Nullable Throwable failure) {
            T client = opened;
            if (failure != null || client == null) {
                stopWaiting();
                failWith(failure == null ? new IOException(route().purpose() + ": not opened") : failure);
                loop.links().remove(Dialer.this);
            } else if (first == null) {
                handOver(client);
            } else {
                guarded(() -> doFirst(client, first));
            }
        }
    }

    private void doFirst(T opened, Function<? super T, ? extends Future<?>> step) {
        phase = Phase.FIRST;
        Link link = Objects.requireNonNull(connected);
        link.audience().onFailure(Ours.HEARD);
        Future<?> doingIt = Objects.requireNonNull(step.apply(opened), "the Future of what a connection needs first");
        firstStep =
                Watch.on(loop, doingIt, "what is needed first, of ", link, done -> firstIsOver(opened, done.failure()));
        end = Watch.<@Nullable Void>on(loop, link.audience().closed(), "the end of ", link, gone -> endedFirst(link));
        if (promise.isDone()) { // the step has caused that
            stopWaiting();
        }
    }

    private void firstIsOver(T opened, @Nullable Throwable failure) {
        if (promise.isDone()) {
            return;
        }
        if (failure == null) {
            handOver(opened);
        } else {
            fail(new IOException(
                    route().purpose() + ": what it needs first has failed: " + Failures.inWords(failure), failure));
        }
    }

    /** The connection has ended before its first step was done. */
    private void endedFirst(Link link) {
        if (promise.isDone()) {
            return;
        }
        Throwable closed = link.outbound().closed();
        Throwable why = closed instanceof ClosedHere ? closed.getCause() : closed;
        String message = route().purpose() + ": the connection has ended before what it needs first was done";
        fail(why == null ? new IOException(message) : new IOException(message + ": " + Failures.inWords(why), why));
    }

    private void handOver(T opened) {
        stopWaiting();
        Link link = Objects.requireNonNull(connected);
        link.audience().noMoreOnFailure(Ours.HEARD);
        if (!promise.complete(opened)) {
            link.abort();
        }
        loop.links().remove(this);
    }

    // ---- the end

    private void late() {
        timer = null;
        if (promise.isDone()) {
            return;
        }
        if (phase == Phase.RACING) {
            long now = loop.nanoTime();
            racing.forEach(each -> failures.add(each.late(now)));
            fail(summary());
        } else {
            fail(new DeadlineException(
                    route().purpose() + ": " + whatTookSoLong() + " " + Wording.duration(options.timeout())));
        }
    }

    private String whatTookSoLong() {
        if (phase == Phase.FIRST) {
            return "connected, but what it needs first was not done within";
        }
        Link open = connected;
        return phase == Phase.RESOLVING || open == null
                ? "looking up the name took longer than"
                : "connected, but its layer " + open.stack().nameOfUnready() + " was not ready within";
    }

    @Override
    public String purpose() {
        return "connect to " + Wording.address(address);
    }

    /** The Future was cancelled. */
    @Override
    public void run() {
        end();
    }

    /** Connected, but nobody waits for it any more: closed in good order, since the peer has done nothing wrong. */
    @Override
    public void accept(T unwanted) {
        if (connected != null) {
            connected.close();
        }
    }

    /** The failure after every address was tried: the only one, or one that names all of them. */
    private Throwable summary() {
        Throwable last = failures.getLast();
        if (failures.size() == 1 && addresses.size() == 1) {
            return route().told(last);
        }
        var reasons = new ArrayList<String>();
        failures.forEach(each -> reasons.add(each.getMessage()));
        String many = failures.size() < addresses.size()
                ? failures.size() + " of " + addresses.size()
                : "" + addresses.size();
        String message = route().purpose() + ": tried " + many + " addresses: " + String.join("; ", reasons);
        IOException all = Route.like(last, message);
        failures.forEach(all::addSuppressed);
        return all;
    }

    void giveUp(Throwable cause) {
        fail(cause);
    }

    private void fail(Throwable cause) {
        failWith(cause);
        end();
    }

    private void failWith(Throwable cause) {
        if (promise.fail(cause)) {
            loop.counters().connectsFailed++;
        }
    }

    private void end() {
        stopWaiting();
        endRace();
        if (connected != null) {
            connected.abort();
        }
        loop.links().remove(this);
    }

    private void stopWaiting() {
        stopTimer();
        leave(lookup);
        leave(firstStep);
        leave(end);
    }

    private static void leave(@Nullable Watch<?> watch) {
        if (watch != null) {
            watch.leave();
        }
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
