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
    private final List<Waiting> waiting = new ArrayList<>();
    private @Nullable RespSubscriber ready;
    private @Nullable RespSubscriber current;
    private @Nullable Handle pause;
    private @Nullable Handle probe;
    private double nextPauseNanos = SHORTEST.toNanos();
    private boolean wasReady;
    private boolean over;

    /** Whoever waits until what is left of these names is confirmed, on this connection or on a later one. */
    private record Waiting(Kind kind, Set<String> left, Promise<@Nullable Void> promise) {}

    Subscriptions(Loop loop, SocketAddress address, Hello hello, Receiver receiver) {
        this.loop = loop;
        this.address = address;
        this.hello = hello;
        this.receiver = receiver;
        connect();
    }

    /** Done when the server has confirmed all of them, on this connection or on a later one; failed when it refuses one, which is then given up. */
    Future<@Nullable Void> subscribe(Kind kind, String... names) {
        if (over) {
            return loop.failed(new IllegalStateException("the subscriptions are closed"));
        }
        var asked = new Waiting(kind, new LinkedHashSet<>(List.of(names)), loop.promise());
        waiting.add(asked);
        wanted(kind).addAll(asked.left);
        if (ready != null) {
            askFor(ready, kind, List.of(names))
                    .forEach(each -> each.onDone((nothing, failure) -> {})); // it is told otherwise
        }
        return asked.promise;
    }

    /** Done when the server has confirmed it, or at once while nothing is connected. */
    Future<@Nullable Void> unsubscribe(Kind kind, String... names) {
        wanted(kind).removeAll(List.of(names));
        for (String each : names) {
            settle(kind, each, null);
        }
        return ready == null || names.length == 0 ? loop.done(null) : ready.unsubscribe(kind, names);
    }

    private Set<String> wanted(Kind kind) {
        return Objects.requireNonNull(wanted.computeIfAbsent(kind, key -> new LinkedHashSet<>()));
    }

    /** Nobody waits for this name any more. */
    private void settle(Kind kind, String name, @Nullable Throwable refusal) {
        for (Waiting each : List.copyOf(waiting)) {
            if (each.kind == kind && each.left.remove(name) && (refusal != null || each.left.isEmpty())) {
                waiting.remove(each);
                if (refusal == null) {
                    each.promise.complete(null);
                } else {
                    each.promise.fail(refusal);
                }
            }
        }
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
        restore(made);
    }

    /** Until there is nothing to ask for: more may be wanted meanwhile. */
    private void restore(RespSubscriber made) {
        List<Future<?>> asked = new ArrayList<>();
        wanted.forEach((kind, names) -> asked.addAll(askFor(made, kind, List.copyOf(names))));
        if (asked.isEmpty()) {
            restored(made);
            return;
        }
        Future.all(asked).onDone((nothing, failure) -> {
            if (failure == null && current == made && made.isOpen()) {
                restore(made);
            }
        });
    }

    /** One by one, for each may be refused, or be of another slot; those that are not confirmed yet. */
    private List<Future<?>> askFor(RespSubscriber made, Kind kind, List<String> names) {
        List<String> confirmed = made.subscriptions(kind);
        List<Future<?>> asked = new ArrayList<>();
        for (String name : names) {
            if (confirmed.contains(name)) {
                settle(kind, name, null);
            } else {
                asked.add(ask(made, kind, name));
            }
        }
        return asked;
    }

    /** Fails if it is not answered, which ends the connection. */
    private Future<?> ask(RespSubscriber made, Kind kind, String name) {
        Promise<@Nullable Void> answered = loop.promise();
        made.subscribe(kind, name).timeout(PATIENCE).onDone((nothing, failure) -> {
            if (failure == null || failure instanceof RespException) {
                if (failure != null) {
                    wanted(kind).remove(name); // it would be refused again
                }
                settle(kind, name, failure);
                answered.complete(null);
            } else {
                made.close(); // and so it is lost
                answered.fail(failure);
            }
        });
        return answered;
    }

    private void restored(RespSubscriber made) {
        ready = made;
        nextPauseNanos = SHORTEST.toNanos();
        probeLater(made);
        boolean again = wasReady;
        wasReady = true;
        if (again) {
            receiver.restored();
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
        double jitter = 1 + JITTER * (2 * loop.random().nextDouble() - 1);
        pause = loop.schedule(Duration.ofNanos((long) (nextPauseNanos * jitter)), "reconnect", this::connect);
        nextPauseNanos = Math.min(nextPauseNanos * GROWTH, (double) LONGEST.toNanos());
        receiver.lost(why); // last: it may throw
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
        waiting.forEach(each -> each.promise.fail(new IOException("the subscriptions were closed")));
        waiting.clear();
    }
}
