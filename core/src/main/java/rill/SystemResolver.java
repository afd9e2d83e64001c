package rill;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's resolver, off the loop: on up to {@link #THREADS} threads, which are started on demand and end when idle. Concurrent requests for a name
 * share one look-up. A look-up that has not begun is dropped if nobody waits for it any more.
 */
final class SystemResolver implements Resolver {
    static final SystemResolver INSTANCE = new SystemResolver(InetAddress::getAllByName);

    /** The maximum number of threads; if this many look-ups hang, other names wait. */
    static final int THREADS = 64;

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The blocking look-up. */
    interface Blocking {
        InetAddress[] addressesOf(String name) throws UnknownHostException;
    }

    private final Blocking blocking;

    // All guarded by this.
    private final Map<String, LookUp> pending = new HashMap<>();
    private final ArrayDeque<LookUp> waiting = new ArrayDeque<>();
    private int threads;
    private int idle;
    private int number;

    SystemResolver(Blocking blocking) {
        this.blocking = blocking;
    }

    /** One name, and the Futures that wait for it; guarded by the resolver. */
    private static final class LookUp {
        final String name;
        final List<Promise<List<InetAddress>>> asking = new ArrayList<>();

        LookUp(String name) {
            this.name = name;
        }
    }

    @Override
    public Future<List<InetAddress>> resolve(Loop loop, String name) {
        Promise<List<InetAddress>> promise = loop.promise();
        try {
            promise.complete(List.of(InetAddress.ofLiteral(name)));
        } catch (IllegalArgumentException notInNumbers) {
            ask(name, promise);
            promise.onCancel(() -> forget(name, promise));
        }
        return promise;
    }

    private synchronized void ask(String name, Promise<List<InetAddress>> promise) {
        LookUp lookUp = pending.get(name);
        if (lookUp == null) {
            lookUp = new LookUp(name);
            if (idle <= waiting.size() && threads < THREADS) {
                Threads.shared().name("rill-resolver-" + ++number).start(this::work);
                threads++;
            }
            pending.put(name, lookUp);
            waiting.add(lookUp);
            notifyAll();
        }
        lookUp.asking.add(promise);
    }

    private synchronized void forget(String name, Promise<List<InetAddress>> promise) {
        LookUp lookUp = pending.get(name);
        if (lookUp != null && lookUp.asking.remove(promise) && lookUp.asking.isEmpty() && waiting.remove(lookUp)) {
            pending.remove(name);
        }
    }

    /** The number of look-ups that wait for a thread. */
    synchronized int waiting() {
        return waiting.size();
    }

    // ---- on one of its threads

    private void work() {
        boolean idled = false;
        try {
            workUntilIdle();
            idled = true;
        } finally {
            if (!idled) { // another one takes its place when needed
                ends();
            }
        }
    }

    private synchronized void ends() {
        threads--;
    }

    private void workUntilIdle() {
        for (LookUp next = take(); next != null; next = take()) {
            Object outcome;
            try {
                outcome = List.of(blocking.addressesOf(next.name));
            } catch (Throwable t) {
                outcome = t;
            }
            for (Promise<List<InetAddress>> each : end(next)) {
                tell(each, next.name, outcome);
            }
        }
    }

    /** Returns null if there has been nothing to do for a while. */
    private synchronized @Nullable LookUp take() {
        idle++;
        try {
            if (waiting.isEmpty()) {
                TimeUnit.NANOSECONDS.timedWait(this, IDLE_NANOS);
            }
        } catch (InterruptedException nobodyMayDoThat) {
            // The thread may end a little earlier.
        }
        idle--;
        LookUp next = waiting.poll();
        if (next == null) {
            threads--;
        }
        return next;
    }

    private synchronized List<Promise<List<InetAddress>>> end(LookUp lookUp) {
        pending.remove(lookUp.name);
        return lookUp.asking;
    }

    /** A failure with one, such as one of the Driver of its loop, must not affect the others. */
    private static void tell(Promise<List<InetAddress>> asking, String name, Object outcome) {
        try {
            settle(asking, name, outcome);
        } catch (Throwable t) {
            asking.loop.threw("the addresses of ", name, t);
        }
    }

    @SuppressWarnings("unchecked")
    private static void settle(Promise<List<InetAddress>> asking, String name, Object outcome) {
        switch (outcome) {
            case UnknownHostException unknown ->
                asking.fail(Each.cause(() -> {
                    var named = new UnknownHostException("unknown host: " + name);
                    named.initCause(unknown);
                    return named;
                }));
            case Throwable failure -> asking.fail(failure);
            default -> asking.complete((List<InetAddress>) outcome);
        }
    }
}
