package rill.examples.redis;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Handle;
import rill.Loop;
import rill.Promise;
import rill.codec.resp.Hello;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespOptions;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;

/**
 * Subscriptions that survive their connection: after it was lost, another is made, with a pause that grows, and what was subscribed to is
 * subscribed to again. What is published in between is lost, and its receiver is told that this may be so. Confined to the loop.
 *
 * <pre>
 *  connecting ──▶ subscribing ──▶ ready
 *     ▲  │            │             │ lost
 *     │  ▼ failed     ▼ failed      │
 *    pausing ◀──────────────────────┘          close: over, from everywhere
 * </pre>
 */
final class Subscriptions implements AutoCloseable {
    private static final Duration SHORTEST = Duration.ofMillis(50);
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private static final double GROWTH = 1.6;
    private static final double JITTER = 0.2;
    private static final Duration PROBE_AFTER = Duration.ofSeconds(15);
    private static final Duration PATIENCE = Duration.ofSeconds(10); // for what the server has to confirm

    /** Who is told, on the loop. */
    @FunctionalInterface
    interface Receiver {
        void message(RespSubscriber.Message message);

        /** The connection is gone: until {@link #restored} nothing comes. */
        default void lost(Throwable why) {}

        /** Another connection has all of the subscriptions; messages may be missing. */
        default void restored() {}
    }

    private final Loop loop;
    private final SocketAddress address;
    private final Hello hello;
    private final Receiver receiver;
    private final Map<Kind, Set<String>> wanted = new EnumMap<>(Kind.class);
    private final List<Promise<@Nullable Void>> waiting = new ArrayList<>(); // for the next connection to be ready
    private @Nullable RespSubscriber ready;
    private @Nullable RespSubscriber current;
    private @Nullable Handle pause;
    private @Nullable Handle probe;
    private double nextPauseNanos = SHORTEST.toNanos();
    private boolean wasReady;
    private boolean over;

    Subscriptions(Loop loop, SocketAddress address, Hello hello, Receiver receiver) {
        this.loop = loop;
        this.address = address;
        this.hello = hello;
        this.receiver = receiver;
        connect();
    }

    /** Done when the server has confirmed all of them, on this connection or on a later one. */
    Future<@Nullable Void> subscribe(Kind kind, String... names) {
        if (over) {
            return loop.failed(new IllegalStateException("the subscriptions are closed"));
        }
        var added = new LinkedHashSet<>(List.of(names));
        added.removeAll(wanted(kind));
        wanted(kind).addAll(added);
        Promise<@Nullable Void> promise = loop.promise();
        if (ready == null) {
            waiting.add(promise);
        } else {
            ready.subscribe(kind, names).onDone((nothing, failure) -> {
                if (failure == null) {
                    promise.complete(null);
                } else if (failure instanceof RespException) { // refused: not to be asked for again
                    wanted(kind).removeAll(added);
                    promise.fail(failure);
                } else {
                    waiting.add(promise);
                }
            });
        }
        return promise;
    }

    /** Done when the server has confirmed it, or at once while nothing is connected. */
    Future<@Nullable Void> unsubscribe(Kind kind, String... names) {
        wanted(kind).removeAll(List.of(names));
        return ready == null || names.length == 0 ? loop.done(null) : ready.unsubscribe(kind, names);
    }

    private Set<String> wanted(Kind kind) {
        return Objects.requireNonNull(wanted.computeIfAbsent(kind, key -> new LinkedHashSet<>()));
    }

    // ---- connections

    private void connect() {
        pause = null;
        loop.connect(address, Resp.clientPipeline(hello, RespOptions.defaults()))
                .map(connection -> RespSubscriber.over(connection, receiver::message))
                .onDone((made, failure) -> {
                    if (made == null) {
                        later(Objects.requireNonNull(failure));
                    } else if (over) {
                        made.close();
                    } else {
                        begin(made);
                    }
                });
    }

    private void begin(RespSubscriber made) {
        current = made;
        made.onFailure(failure -> {}); // told when it is closed
        made.closed().onDone((nothing, never) -> lost(made));
        List<Future<?>> all = new ArrayList<>();
        wanted.forEach((kind, names) -> {
            if (!names.isEmpty()) {
                all.add(made.subscribe(kind, names.toArray(String[]::new)));
            }
        });
        int asked = waiting.size();
        Future.all(all).timeout(PATIENCE).onDone((nothing, failure) -> {
            if (failure != null) {
                made.close(); // and so it is lost
            } else if (current == made && made.isOpen()) {
                restored(made, asked);
            }
        });
    }

    private void restored(RespSubscriber made, int asked) {
        if (waiting.size() > asked) { // more was asked for meanwhile
            begin(made);
            return;
        }
        ready = made;
        nextPauseNanos = SHORTEST.toNanos();
        probeLater(made);
        if (wasReady) {
            receiver.restored();
        }
        wasReady = true;
        List<Promise<@Nullable Void>> told = List.copyOf(waiting);
        waiting.clear();
        for (Promise<@Nullable Void> each : told) {
            each.complete(null);
        }
    }

    /** Where nothing is published nothing comes, and so it would not show that the server is gone. */
    private void probeLater(RespSubscriber made) {
        probe = loop.schedule(
                PROBE_AFTER,
                "probe",
                () -> made.ping().timeout(PATIENCE).onDone((nothing, failure) -> {
                    if (failure != null) {
                        made.close();
                    } else if (ready == made) {
                        probeLater(made);
                    }
                }));
    }

    private void lost(RespSubscriber gone) {
        if (current == gone && !over) {
            cancelProbe();
            current = null;
            ready = null;
            Throwable why = gone.failure();
            later(why == null ? new IOException("the connection was closed") : why);
        }
    }

    private void later(Throwable why) {
        if (over) {
            return;
        }
        receiver.lost(why);
        double jitter = 1 + JITTER * (2 * loop.random().nextDouble() - 1);
        pause = loop.schedule(Duration.ofNanos((long) (nextPauseNanos * jitter)), "reconnect", this::connect);
        nextPauseNanos = Math.min(nextPauseNanos * GROWTH, (double) LONGEST.toNanos());
    }

    private void cancelProbe() {
        if (probe != null) {
            probe.cancel();
            probe = null;
        }
    }

    @Override
    public void close() {
        over = true;
        cancelProbe();
        if (pause != null) {
            pause.cancel();
        }
        if (current != null) {
            current.close();
        }
        waiting.forEach(each -> each.fail(new IOException("the subscriptions were closed")));
        waiting.clear();
    }
}
