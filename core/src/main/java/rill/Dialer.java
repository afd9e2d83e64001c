package rill;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;

/**
 * Makes one connection: looks up the name, tries the addresses in order, and hands over the first connection that succeeds. Each address has
 * its share of the time that is left.
 *
 * <pre>
 *  resolving ──▶ trying address 1 ──▶ trying address 2 … ──▶ connected ──▶ every layer ready
 *      └──────────────┴─────────────────────┴─────────────────────┴────────── failed, cancelled
 * </pre>
 */
final class Dialer<T> implements Runnable, Consumer<T> {
    private final Loop loop;
    private final SocketAddress address;
    private final ConnectOptions options;
    private final Function<Link, T> opener;
    private final Promise<T> promise;
    private final List<Throwable> failures = new ArrayList<>();
    private final long deadline;
    private @Nullable Future<List<InetAddress>> lookup;
    private Iterator<? extends SocketAddress> untried = List.<SocketAddress>of().iterator();
    private int left;
    private @Nullable Link attempt; // in the end, the one that was connected
    private @Nullable Handle timer;
    private @Nullable Route route; // once begun

    Dialer(Loop loop, SocketAddress address, ConnectOptions options, Function<Link, T> opener) {
        this.loop = loop;
        this.address = Objects.requireNonNull(address, "address");
        this.options = Objects.requireNonNull(options, "options");
        this.opener = opener;
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
            promise.fail(loop.cancelledByClose("connect to " + address));
        }

        @Override
        String label() {
            return "connect to " + address;
        }
    }

    private void begin() {
        if (promise.isDone()) {
            return;
        }
        if (loop.closing().connectsNoMore()) {
            promise.fail(new CancelledException("connect to " + address + ": " + loop.name() + " is closing"));
            return;
        }
        loop.links().add(this);
        guarded(() -> {
            Route way = Route.to(address, options.proxy());
            route = way;
            SocketAddress dialed = way.dialed();
            if (dialed instanceof InetSocketAddress inet && inet.isUnresolved()) {
                resolve(inet);
            } else {
                tryAll(List.of(dialed));
            }
        });
    }

    /** Whatever is thrown on the way, by a resolver, a transport or for want of memory, is this connection's failure, at once. */
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

    private void resolve(InetSocketAddress inet) {
        if (!timeLeft().isPositive()) {
            fail(noTimeLeft(route().purpose()));
            return;
        }
        Future<List<InetAddress>> pending = Objects.requireNonNull(
                        loop.environment().resolver().resolve(inet.getHostString(), loop), "the resolver's Future")
                .map(addresses -> addresses); // our own: others may wait for what the resolver gave
        lookup = pending;
        startTimer(
                timeLeft(),
                () -> fail(new DeadlineException(route().purpose() + ": looking up the name took longer than "
                        + Wording.duration(options.timeout()))));
        pending.onDone((addresses, failure) -> guarded(() -> resolved(inet.getPort(), addresses, failure)));
    }

    private void resolved(int port, @Nullable List<InetAddress> addresses, @Nullable Throwable failure) {
        if (promise.isDone()) {
            return;
        }
        stopTimer();
        if (failure != null) {
            fail(route().told(failure));
        } else if (addresses == null || addresses.isEmpty()) {
            fail(new UnknownHostException(route().purpose() + ": the resolver gave no address"));
        } else {
            tryAll(addresses.stream()
                    .map(each -> new InetSocketAddress(Objects.requireNonNull(each, "the resolver's address"), port))
                    .toList());
        }
    }

    private void tryAll(List<? extends SocketAddress> addresses) {
        untried = addresses.iterator();
        left = addresses.size();
        tryNext();
    }

    private void tryNext() {
        if (promise.isDone()) {
            return;
        }
        if (!untried.hasNext()) {
            fail(summary());
            return;
        }
        SocketAddress target = untried.next();
        Duration share = timeLeft().dividedBy(left--);
        if (!share.isPositive()) {
            failures.add(noTimeLeft("connect to " + target));
            fail(summary());
            return;
        }
        var attempted = new Attempt(target);
        Link link = new Link(loop, options.limits(), attempted::ended);
        link.route(route());
        attempted.link = link;
        attempt = link;
        link.wire(loop.selector().connect(target, options.local(), options.socketTo(target), link));
        startTimer(share, () -> attempted.late(share));
    }

    private DeadlineException noTimeLeft(String purpose) {
        return new DeadlineException(purpose + ": no time is left of its " + Wording.duration(options.timeout()));
    }

    /** One address being tried. */
    private final class Attempt {
        private final SocketAddress target;
        private @Nullable Link link;
        private boolean over;

        Attempt(SocketAddress target) {
            this.target = target;
        }

        void ended(@Nullable Throwable failure) {
            Link established = link;
            if (over || promise.isDone()) {
                if (failure == null && established != null) {
                    loop.links().expect();
                    established.abort(); // too late: nobody wants it any more
                }
                return;
            }
            over = true;
            stopTimer();
            if (failure != null || established == null) {
                tried(failure == null ? new IOException("no connection") : failure);
            } else if (reachedItself(established.wire())) {
                loop.links().expect();
                established.abort();
                tried(new ConnectException(
                        "connect to " + target + ": Connection refused: nobody listens there, and the"
                                + " connection reached itself, having that address at both ends"));
            } else {
                connected(established);
            }
        }

        void late(Duration share) {
            over = true;
            Link pending = link;
            if (pending != null) {
                pending.abort();
            }
            tried(new DeadlineException("connect to " + target + ": no answer within " + Wording.duration(share)));
        }

        private void tried(Throwable failure) {
            failures.add(failure);
            guarded(Dialer.this::tryNext);
        }
    }

    /** TCP opens a connection from both ends at once, so one whose own address is its peer's finds itself. */
    private static boolean reachedItself(Wire wire) {
        if (!(wire.localAddress() instanceof InetSocketAddress local)
                || !(wire.remoteAddress() instanceof InetSocketAddress remote)) {
            return false;
        }
        return local.getPort() == remote.getPort()
                && (remote.getAddress().isAnyLocalAddress() // which is this machine
                        || remote.getAddress().equals(local.getAddress()));
    }

    private void connected(Link link) {
        loop.links().expect();
        loop.links().remove(this);
        var opening = new Opening(link);
        startTimer(timeLeft(), opening::late);
        link.awaitReady(opening::ready);
        try {
            opening.opened = opener.apply(link);
        } catch (Throwable t) {
            link.awaitNothing();
            opening.ready(t);
            link.abort();
            return;
        }
        loop.links().boundIdleTime(link, options.idleTime());
        link.tellIfReady();
    }

    /** It is connected, and its layers may have to come to an agreement with the peer first. */
    private final class Opening {
        private final Link link;
        private @Nullable T opened;

        Opening(Link link) {
            this.link = link;
        }

        void ready(@Nullable Throwable failure) {
            stopTimer();
            if (failure != null) {
                promise.fail(failure);
            } else if (!promise.complete(Objects.requireNonNull(opened))) {
                link.abort();
            }
        }

        void late() {
            fail(new DeadlineException(route().purpose() + ": connected, but its layer "
                    + link.stack().nameOfUnready()
                    + " was not ready within "
                    + Wording.duration(options.timeout())));
        }
    }

    /** It was cancelled. */
    @Override
    public void run() {
        end();
    }

    /** Connected, but nobody waits for it any more: closed in good order, since the peer has done nothing wrong. */
    @Override
    public void accept(T unwanted) {
        if (attempt != null) {
            attempt.close();
        }
    }

    /** The failure after every address was tried: the only one, or one that names them all. */
    private Throwable summary() {
        Throwable last = failures.getLast();
        if (failures.size() == 1) {
            return route().told(last);
        }
        var reasons = new ArrayList<String>();
        failures.forEach(each -> reasons.add(each.getMessage()));
        String message = route().purpose() + ": tried " + failures.size() + " addresses: " + String.join("; ", reasons);
        IOException all = Route.like(last, message);
        failures.forEach(all::addSuppressed);
        return all;
    }

    void giveUp(Throwable cause) {
        fail(cause);
    }

    private void fail(Throwable cause) {
        promise.fail(cause);
        end();
    }

    private void end() {
        stopTimer();
        if (lookup != null) {
            lookup.cancel();
        }
        if (attempt != null) {
            attempt.abort();
        }
        loop.links().remove(this);
    }

    private void startTimer(Duration after, Runnable action) {
        timer = loop.schedule(after, "connect timeout of " + address, action);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
