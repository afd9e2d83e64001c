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
 * Subscriptions that survive their connection. If it is lost, another is made after a pause that grows, and all subscriptions are renewed. Messages
 * published in between are lost, and the receiver is notified that this is possible. The pause is short again after a useful connection: one that has
 * delivered a message, or that lasted for as long as the longest pause after everything was confirmed. Confined to the loop.
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

    /** Receives messages and events, on the loop. */
    @FunctionalInterface
    interface Receiver {
        void message(RespSubscriber.Message message);

        /** The connection is lost: nothing arrives until {@link #restored}. */
        default void lost(Throwable why) {}

        /**
         * A confirmed subscription is given up: the server has refused it on another connection, or has ended it and then refused it. The others
         * continue.
         */
        default void refused(Kind kind, String name, RespException why) {}

        /** Another connection has all subscriptions that were not refused; messages may have been missed. */
        default void restored() {}
    }

    private final Loop loop;
    private final SocketAddress address;
    private final Hello hello;
    private final Receiver receiver;
    private final Map<Kind, Map<String, Wanted>> wanted = new EnumMap<>(Kind.class);
    private final Set<Wanted> asked = new HashSet<>(); // requested on the current connection, and not answered
    private @Nullable RespSubscriber ready;
    private @Nullable RespSubscriber current;
    private @Nullable Throwable givenUp; // the reason for closing the current connection
    private @Nullable Handle pause;
    private @Nullable Handle probe;
    private @Nullable Handle patience; // with the server, while something is asked
    private double nextPauseNanos = SHORTEST.toNanos();
    private long readySince;
    private boolean useful; // the current connection has delivered a message
    private boolean wasReady;
    private boolean over;

    /** A name for as long as it is wanted; when it is wanted again, that is another object. */
    private static final class Wanted {
        final Kind kind;
        final String name;
        final List<Waiting> waiting = new ArrayList<>(1);
        boolean wasConfirmed; // on this connection or on an earlier one

        Wanted(Kind kind, String name) {
            this.kind = kind;
            this.name = name;
        }
    }

    /** A subscribe call, which waits until all of its names are confirmed, on this connection or on a later one. */
    private static final class Waiting {
        final Promise<@Nullable Void> promise;
        int left;

        Waiting(Promise<@Nullable Void> promise, int left) {
            this.promise = promise;
            this.left = left;
        }

        void settle(@Nullable Throwable refusal) {
            left--;
            if (refusal != null) {
                promise.fail(refusal);
            } else if (left == 0) {
                promise.complete(null);
            }
        }
    }

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
     * Done when the server has confirmed all of the names, on this connection or on a later one; fails when it refuses one, which is then given up.
     *
     * @throws IllegalArgumentException if there are no names, or if one has half a surrogate pair
     */
    Future<@Nullable Void> subscribe(Kind kind, String... names) {
        requireNames(names);
        if (over) {
            return loop.failed(new IllegalStateException("the subscriptions are closed"));
        }
        var all = new LinkedHashSet<>(List.of(names));
        var waits = new Waiting(loop.promise(), all.size());
        for (String each : all) {
            Wanted before = wanted(kind).get(each);
            Wanted it = before == null ? new Wanted(kind, each) : before;
            if (before != null && current != null && !asked.contains(before)) {
                waits.settle(null); // already confirmed
                continue;
            }
            it.waiting.add(waits);
            if (before == null) {
                wanted(kind).put(each, it);
                if (current != null) {
                    ask(current, it);
                }
            }
        }
        return waits.promise;
    }

    /** Checks the names: one that can't be sent would block all others on every connection. */
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

    /** Done when the server has confirmed it; at once while nothing is connected, or when the connection is lost. */
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
        // Sent after requests that are not confirmed yet, so this one has the last word.
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

    /** The name is confirmed, or refused: completes the calls that waited for it. */
    private void settle(Wanted it, @Nullable Throwable refusal) {
        it.waiting.forEach(each -> each.settle(refusal));
        it.waiting.clear();
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

    /** Receives what arrives on a connection. */
    private final class Listening implements RespSubscriber.Receiver {
        @Override
        public void message(RespSubscriber.Message message) {
            useful = true;
            try {
                receiver.message(message);
            } catch (Throwable t) { // its own fault, and no reason to lose the messages of other channels
                loop.report("the receiver of subscriptions", t);
            }
        }

        @Override
        public void unsubscribed(Kind kind, String name, boolean byUs) {
            Wanted it = wanted(kind).get(name);
            if (!byUs && current != null && it != null && !asked.contains(it)) {
                ask(current, it); // if its slot has moved, the server refuses that
            }
        }
    }

    private void begin(RespSubscriber made) {
        current = made;
        useful = false;
        givenUp = null;
        made.onFailure(failure -> {}); // reported when it is closed
        made.closed().onDone((nothing, never) -> lost(made));
        wanted.values().forEach(each -> List.copyOf(each.values()).forEach(it -> ask(made, it)));
        readyIfAnswered(made);
    }

    /** Subscribes to names one by one, since each may be refused, or belong to another slot. */
    private void ask(RespSubscriber made, Wanted it) {
        boolean first = asked.isEmpty();
        asked.add(it);
        if (first) {
            awaitAnswer(made);
        }
        made.subscribe(it.kind, it.name).onDone((nothing, failure) -> {
            if (current != made) {
                return;
            }
            asked.remove(it);
            awaitAnswer(made);
            boolean tryAgain = failure instanceof RespException busy && busy.isTemporary() && it.wasConfirmed;
            if (!isWanted(it)) {
                return; // any more
            }
            if (failure == null) {
                it.wasConfirmed = true;
                settle(it, null);
                readyIfAnswered(made);
            } else if (failure instanceof RespException refusal && !tryAgain) {
                refused(made, it, refusal);
            } else {
                giveUp(made, failure);
            }
        });
    }

    /** While something is asked, the server has so long for the next answer: many may take longer, but none at all ends the connection. */
    private void awaitAnswer(RespSubscriber made) {
        cancelPatience();
        if (!asked.isEmpty()) {
            patience = loop.schedule(PATIENCE, "patience", () -> {
                if (!asked.isEmpty()) { // what is unsubscribed from was not answered
                    giveUp(
                            made,
                            new IOException("the server has confirmed nothing for " + PATIENCE.toSeconds() + " s"));
                }
            });
        }
    }

    /** Drops a subscription that the server would refuse again. */
    private void refused(RespSubscriber made, Wanted it, RespException refusal) {
        wanted(it.kind).remove(it.name);
        settle(it, refusal);
        try {
            if (it.wasConfirmed) {
                receiver.refused(it.kind, it.name, refusal);
            }
        } finally {
            readyIfAnswered(made);
        }
    }

    /** The connection is ready once nothing is left to wait for: more may be wanted meanwhile. */
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

    /** Where nothing is published nothing arrives, so only a probe shows that the server is gone. */
    private void probeLater(RespSubscriber made) {
        probe = loop.schedule(PROBE_AFTER, "probe", () -> {
            if (asked.isEmpty()) {
                probe(made);
            } else {
                probeLater(made); // meanwhile it has other questions to answer
            }
        });
    }

    private void probe(RespSubscriber made) {
        made.ping().timeout(PATIENCE).onDone((nothing, failure) -> {
            if (failure != null) {
                giveUp(made, failure);
            } else if (ready == made) {
                probeLater(made);
            }
        });
    }

    /** Aborts the connection, which makes it lost: nothing is to be expected of its server. */
    private void giveUp(RespSubscriber made, Throwable why) {
        if (current == made && givenUp == null) {
            givenUp = why;
        }
        var _ = made.abort();
    }

    private void lost(RespSubscriber gone) {
        if (current == gone && !over) {
            cancelProbe();
            cancelPatience();
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
        receiver.lost(why); // last, since it may throw
    }

    private void cancelProbe() {
        if (probe != null) {
            probe.cancel();
            probe = null;
        }
    }

    private void cancelPatience() {
        if (patience != null) {
            patience.cancel();
            patience = null;
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
        cancelPatience();
        if (pause != null) {
            pause.cancel();
        }
        if (current != null) {
            current.close();
        }
        var closed = new IOException("the subscriptions were closed");
        wanted.values().forEach(each -> each.values().forEach(it -> settle(it, closed)));
    }
}
