package rill.examples.redis;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
 * subscribed to again. What is published in between is lost, and its receiver is told that this may be so. The pause is short again after a
 * connection that was of use: one that has brought a message, or that has stood for as long as the longest pause since all was confirmed. Confined to the loop.
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

        /**
         * What was confirmed before is given up: the server has refused it on another connection, or has ended it and refused it then. Others go on.
         */
        default void refused(Kind kind, String name, RespException why) {}

        /** Another connection has all of the subscriptions that were not refused; messages may be missing. */
        default void restored() {}
    }

    private final Loop loop;
    private final SocketAddress address;
    private final Hello hello;
    private final Receiver receiver;
    private final Map<Kind, Map<String, Wanted>> wanted = new EnumMap<>(Kind.class);
    private final Set<Wanted> asked = new HashSet<>(); // for on the current connection, and not answered
    private final List<Waiting> waiting = new ArrayList<>();
    private @Nullable RespSubscriber ready;
    private @Nullable RespSubscriber current;
    private @Nullable Throwable givenUp; // why the current one is closed
    private @Nullable Handle pause;
    private @Nullable Handle probe;
    private double nextPauseNanos = SHORTEST.toNanos();
    private long readySince;
    private boolean useful; // the current one has brought a message
    private boolean wasReady;
    private boolean over;

    /** A name, from when it is wanted until it is not: whoever wants it again wants another. */
    private static final class Wanted {
        final Kind kind;
        final String name;
        boolean wasConfirmed; // on this connection or on an earlier one

        Wanted(Kind kind, String name) {
            this.kind = kind;
            this.name = name;
        }
    }

    /** Whoever waits until what is left of these names is confirmed, on this connection or on a later one. */
    private record Waiting(Kind kind, Set<String> left, Promise<@Nullable Void> promise) {}

    Subscriptions(Loop loop, SocketAddress address, Hello hello, Receiver receiver) {
        this.loop = loop;
        this.address = address;
        this.hello = hello;
        this.receiver = receiver;
        for (Kind each : Kind.values()) {
            wanted.put(each, new LinkedHashMap<>());
        }
        connect();
    }

    /**
     * Done when the server has confirmed all of them, on this connection or on a later one; failed when it refuses one, which is then given up.
     *
     * @throws IllegalArgumentException if there is none, or if a name has half a surrogate pair
     */
    Future<@Nullable Void> subscribe(Kind kind, String... names) {
        requireNames(names);
        if (over) {
            return loop.failed(new IllegalStateException("the subscriptions are closed"));
        }
        var waits = new Waiting(kind, new LinkedHashSet<>(List.of(names)), loop.promise());
        waiting.add(waits);
        for (String each : List.copyOf(waits.left)) {
            Wanted before = wanted(kind).get(each);
            if (before == null) {
                var it = new Wanted(kind, each);
                wanted(kind).put(each, it);
                if (current != null) {
                    ask(current, it);
                }
            } else if (current != null && !asked.contains(before)) {
                settle(before, null); // it is confirmed
            }
        }
        return waits.promise;
    }

    /** One that can't be sent would be in the way of all the others on every connection. */
    private static void requireNames(String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("there is nothing to subscribe to");
        }
        for (String each : names) {
            if (!StandardCharsets.UTF_8.newEncoder().canEncode(each)) {
                throw new IllegalArgumentException(
                        "the name “" + each + "” has half a surrogate pair, which can't be sent");
            }
        }
    }

    /** Done when the server has confirmed it; at once while nothing is connected, and when the connection is lost. */
    Future<@Nullable Void> unsubscribe(Kind kind, String... names) {
        for (String each : names) {
            Wanted it = wanted(kind).remove(each);
            if (it != null) {
                asked.remove(it);
                settle(it, null);
            }
        }
        if (current == null || names.length == 0) {
            return loop.done(null);
        }
        RespSubscriber on = current;
        // Behind what was asked for and is not confirmed yet, so this has the last word.
        Future<@Nullable Void> confirmed = on.unsubscribe(kind, names)
                .recoverWith(failure -> on.isOpen() || failure instanceof RespException
                        ? loop.<@Nullable Void>failed(failure)
                        : loop.<@Nullable Void>done(null));
        readyIfAnswered(on);
        return confirmed;
    }

    private Map<String, Wanted> wanted(Kind kind) {
        return Objects.requireNonNull(wanted.get(kind));
    }

    private boolean isWanted(Wanted it) {
        return wanted(it.kind).get(it.name) == it;
    }

    /** Nobody waits for this name any more. */
    private void settle(Wanted it, @Nullable Throwable refusal) {
        for (Waiting each : List.copyOf(waiting)) {
            if (each.kind == it.kind && each.left.remove(it.name) && (refusal != null || each.left.isEmpty())) {
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
                .map(connection -> RespSubscriber.over(connection, new Listening()))
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

    /** What comes over a connection. */
    private final class Listening implements RespSubscriber.Receiver {
        @Override
        public void message(RespSubscriber.Message message) {
            useful = true;
            receiver.message(message);
        }

        @Override
        public void unsubscribed(Kind kind, String name, boolean byUs) {
            Wanted it = wanted(kind).get(name);
            if (!byUs && current != null && it != null && asked.add(it)) {
                ask(current, it); // and if its slot has moved, that is refused
            }
        }
    }

    private void begin(RespSubscriber made) {
        current = made;
        useful = false;
        givenUp = null;
        made.onFailure(failure -> {}); // told when it is closed
        made.closed().onDone((nothing, never) -> lost(made));
        wanted.values().forEach(each -> List.copyOf(each.values()).forEach(it -> ask(made, it)));
        readyIfAnswered(made);
    }

    /** One by one, for each may be refused, or be of another slot. What is not answered ends the connection. */
    private void ask(RespSubscriber made, Wanted it) {
        asked.add(it);
        made.subscribe(it.kind, it.name).timeout(PATIENCE).onDone((nothing, failure) -> {
            if (current != made || !isWanted(it)) {
                return; // not any more
            }
            boolean tryAgain = failure instanceof RespException busy && busy.isTemporary() && it.wasConfirmed;
            if (failure == null) {
                it.wasConfirmed = true;
                asked.remove(it);
                settle(it, null);
                readyIfAnswered(made);
            } else if (failure instanceof RespException refusal && !tryAgain) {
                refused(made, it, refusal);
            } else {
                giveUp(made, failure);
            }
        });
    }

    /** It would be refused again. */
    private void refused(RespSubscriber made, Wanted it, RespException refusal) {
        wanted(it.kind).remove(it.name);
        asked.remove(it);
        settle(it, refusal);
        try {
            if (it.wasConfirmed) {
                receiver.refused(it.kind, it.name, refusal);
            }
        } finally {
            readyIfAnswered(made);
        }
    }

    /** Until there is nothing to wait for: more may be wanted meanwhile. */
    private void readyIfAnswered(RespSubscriber made) {
        if (over || current != made || ready != null || !asked.isEmpty() || !made.isOpen()) {
            return;
        }
        ready = made;
        readySince = loop.nanoTime();
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
                        giveUp(made, failure);
                    } else if (ready == made) {
                        probeLater(made);
                    }
                }));
    }

    /** And so it is lost. */
    private void giveUp(RespSubscriber made, Throwable why) {
        if (current == made && givenUp == null) {
            givenUp = why;
        }
        made.close();
    }

    private void lost(RespSubscriber gone) {
        if (current == gone && !over) {
            cancelProbe();
            boolean stood = ready == gone && loop.nanoTime() - readySince >= LONGEST.toNanos();
            current = null;
            ready = null;
            asked.clear();
            if (useful || stood) {
                nextPauseNanos = SHORTEST.toNanos();
            }
            Throwable why = givenUp == null ? gone.failure() : givenUp;
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

    boolean isOver() {
        return over;
    }

    @Override
    public void close() {
        over = true;
        ready = null;
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
