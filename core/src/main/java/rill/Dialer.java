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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes one connection: looks the name up, tries its addresses in order, each with its share of the time that is left, and hands
 * over the first that answers.
 *
 * <pre>
 *  resolving ──▶ trying address 1 ──▶ trying address 2 … ──▶ connected
 *      └──────────────┴─────────────────────┴─────────────── failed, cancelled
 * </pre>
 */
final class Dialer<T> {
    private final Loop loop;
    private final SocketAddress address;
    private final ConnectOptions options;
    private final Function<Link, T> opener;
    private final Promise<T> promise;
    private final List<Throwable> failures = new ArrayList<>();
    private long deadline;
    private @Nullable Future<List<InetAddress>> lookup;
    private Iterator<? extends SocketAddress> untried = List.<SocketAddress>of().iterator();
    private int left;
    private @Nullable Link attempt;
    private @Nullable Handle timer;

    Dialer(Loop loop, SocketAddress address, ConnectOptions options, Function<Link, T> opener) {
        this.loop = loop;
        this.address = address;
        this.options = options;
        this.opener = opener;
        this.promise = loop.promise();
    }

    Future<T> start() {
        if (loop.isCurrent()) {
            begin();
        } else {
            loop.enqueue(new Handle(loop, "connect to " + address, this::begin));
        }
        return promise;
    }

    private void begin() {
        if (promise.isDone()) {
            return;
        }
        if (loop.closing().hasBegun()) {
            promise.fail(new CancelledException("connect to " + address + ": " + loop.name() + " is closing"));
            return;
        }
        loop.links().add(this);
        promise.onCancel(() -> end());
        deadline = loop.nanoTime() + Loop.nanos(options.timeout());
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            resolve(inet);
        } else {
            tryAll(List.of(address));
        }
    }

    private void resolve(InetSocketAddress inet) {
        Future<List<InetAddress>> pending;
        try {
            pending = loop.environment().resolver().resolve(inet.getHostString(), loop);
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        lookup = pending;
        startTimer(
                options.timeout(),
                () -> fail(new DeadlineException("connect to " + address + ": looking up the name took longer than "
                        + millis(options.timeout()))));
        pending.onDone((addresses, failure) -> {
            if (promise.isDone()) {
                return;
            }
            stopTimer();
            if (failure != null) {
                fail(failure);
            } else if (addresses == null || addresses.isEmpty()) {
                fail(new UnknownHostException("connect to " + address + ": the resolver gave no address"));
            } else {
                tryAll(addresses.stream()
                        .map(each -> new InetSocketAddress(each, inet.getPort()))
                        .toList());
            }
        });
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
        Duration share = Duration.ofNanos((deadline - loop.nanoTime()) / left--);
        if (!share.isPositive()) {
            failures.add(new DeadlineException("connect to " + target + ": no time is left"));
            fail(summary());
            return;
        }
        var attempted = new Attempt(target);
        Link link = new Link(loop, options.limits(), attempted::ended);
        attempted.link = link;
        attempt = link;
        try {
            link.wire(loop.selector().connect(target, options.local(), options.socketTo(target), link));
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        startTimer(share, () -> attempted.late(share));
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
            tried(new DeadlineException("connect to " + target + ": no answer within " + millis(share)));
        }

        private void tried(Throwable failure) {
            failures.add(failure);
            tryNext();
        }
    }

    private void connected(Link link) {
        loop.links().expect();
        loop.links().remove(this);
        T opened;
        try {
            opened = opener.apply(link);
        } catch (Throwable t) {
            promise.fail(t);
            link.abort();
            return;
        }
        if (!promise.complete(opened)) {
            link.abort();
        }
    }

    /** The failure after every address was tried: the only one, or one that names them all. */
    private Throwable summary() {
        Throwable last = failures.getLast();
        if (failures.size() == 1) {
            return last;
        }
        var reasons = new ArrayList<String>();
        failures.forEach(each -> reasons.add(each.getMessage()));
        String message =
                "connect to " + address + ": tried " + failures.size() + " addresses: " + String.join("; ", reasons);
        IOException all = last instanceof DeadlineException
                ? new DeadlineException(message)
                : last instanceof ConnectException ? new ConnectException(message) : new IOException(message);
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

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }
}
