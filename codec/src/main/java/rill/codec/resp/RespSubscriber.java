package rill.codec.resp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.ProtocolException;
import rill.codec.internal.Utf8;

/**
 * Subscriptions over a connection of their own, in either version of the protocol.
 *
 * <pre>
 * RespSubscriber news = loop.connect(address, Resp.clientPipeline())
 *         .map(connection -&gt; RespSubscriber.over(connection, message -&gt; show(message.text())))
 *         .await();
 * news.subscribe("weather", "traffic").await();
 * </pre>
 *
 * <p>The server confirms each channel for itself, and the confirmations are counted: a Future is done once all the channels of its call are
 * confirmed. {@link Receiver} is told of messages and confirmations in the order of the wire; a Future's callbacks run later, in a Handle.
 *
 * <p><b>Threading:</b> any thread, unless a method says otherwise. The receiver is called on the loop.
 *
 * <p><b>Errors:</b> what the server refuses fails the Future with a {@link RespException}; the subscriptions that were there stay. If the
 * connection ends, every Future that is not done fails with the cause; {@link #failure} tells why, and {@link #subscriptions} what there was, for
 * whoever connects again. What the receiver throws goes to {@link #onFailure}.
 *
 * <p><b>Source:</b> Redis documentation, "Redis Pub/Sub", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE".
 */
public final class RespSubscriber implements AutoCloseable {
    /** What is subscribed to. */
    public enum Kind {
        /** A channel by its name. */
        CHANNEL("SUBSCRIBE", "UNSUBSCRIBE"),
        /** All channels whose names match a pattern, such as {@code news.*}. */
        PATTERN("PSUBSCRIBE", "PUNSUBSCRIBE"),
        /** A channel of a shard of a cluster; from Redis 7 on. */
        SHARD("SSUBSCRIBE", "SUNSUBSCRIBE");

        private final String begin;
        private final String end;

        Kind(String begin, String end) {
            this.begin = begin;
            this.end = end;
        }
    }

    /**
     * A message that was published.
     *
     * @param kind what brought it here
     * @param subscription the name or the pattern that was subscribed to
     * @param channel where it was published
     * @param payload what it says: a {@link Reply.Bulk}, but for what the server itself has to say
     */
    public record Message(Kind kind, String subscription, String channel, Reply payload) {
        /** The payload as text in UTF-8; malformed bytes are replaced. Empty if it is none. */
        public String text() {
            return Objects.requireNonNullElse(Reply.text(payload), "");
        }
    }

    /** Who is told. On the loop, in the order of the wire. */
    @FunctionalInterface
    public interface Receiver {
        /** Something was published. */
        void message(Message message);

        /** The server has confirmed a subscription: messages come from now on. */
        default void subscribed(Kind kind, String name) {}

        /**
         * A subscription is over: no messages come any more.
         *
         * @param asked whether this side has wanted that; otherwise the server has done it, as when a slot moves to another node
         */
        default void unsubscribed(Kind kind, String name, boolean asked) {}

        /** The server has said something else unasked. */
        default void pushed(Reply.Push push) {}
    }

    private final Connection<Reply, Command> connection;
    private final Loop loop;
    private final Receiver receiver;
    private final ArrayDeque<Request> pending = new ArrayDeque<>();
    private final Map<Kind, Set<String>> confirmed = new EnumMap<>(Kind.class);
    private @Nullable Consumer<? super Failure> onFailure;
    private volatile @Nullable Throwable failure;
    private volatile boolean over;
    private boolean welcomed; // the server has said something that was understood

    /** Something that was sent and is not confirmed: a command for some names, or a PING, which has none. */
    private static final class Request {
        final String verb; // in lower case, as it is confirmed
        final @Nullable Kind kind;
        final String[] names;
        final Promise<@Nullable Void> promise;
        int confirmed;

        Request(String verb, @Nullable Kind kind, String[] names, Promise<@Nullable Void> promise) {
            this.verb = verb;
            this.kind = kind;
            this.names = names;
            this.promise = promise;
        }

        boolean begins() {
            return kind != null && verb.equalsIgnoreCase(kind.begin);
        }
    }

    private RespSubscriber(Connection<Reply, Command> connection, Loop loop, Receiver receiver) {
        this.connection = connection;
        this.loop = loop;
        this.receiver = receiver;
        for (Kind each : Kind.values()) {
            confirmed.put(each, new LinkedHashSet<>());
        }
    }

    /** Takes over a connection from which nobody receives, on its loop: over {@link Resp#clientPipeline(Hello, RespOptions)}. */
    public static RespSubscriber over(Connection<Reply, Command> connection, Receiver receiver) {
        var subscriber =
                new RespSubscriber(connection, connection.loop(), Objects.requireNonNull(receiver, "receiver"));
        connection.onFailure(subscriber::failed).onMessage(subscriber::receive, subscriber::ended);
        connection.closed().onDone((nothing, cause) -> subscriber.end());
        return subscriber;
    }

    // ---- what one wants

    /** Subscribes to channels. */
    public Future<@Nullable Void> subscribe(String... channels) {
        return subscribe(Kind.CHANNEL, channels);
    }

    /**
     * Subscribes to channels, or to patterns.
     *
     * @return done when the server has confirmed all of them
     * @throws IllegalArgumentException if there is none, or if a name has half a surrogate pair
     */
    public Future<@Nullable Void> subscribe(Kind kind, String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("there is nothing to subscribe to");
        }
        String[] all = checked(names);
        return onLoop(() -> send(kind, kind.begin, all));
    }

    /** Ends subscriptions to channels; all of them, if none is named. */
    public Future<@Nullable Void> unsubscribe(String... channels) {
        return unsubscribe(Kind.CHANNEL, channels);
    }

    /**
     * Ends subscriptions; all of this kind, if none is named.
     *
     * @return done when the server has confirmed all of them; at once, if there is none
     */
    public Future<@Nullable Void> unsubscribe(Kind kind, String... names) {
        String[] some = checked(names);
        return onLoop(() -> {
            // Named one by one: of a mere UNSUBSCRIBE it could not be told how many confirmations come.
            String[] all = some.length > 0 ? some : wanted(kind).toArray(String[]::new);
            return all.length == 0 ? loop.done(null) : send(kind, kind.end, all);
        });
    }

    /** Asks the server for a sign of life. */
    public Future<@Nullable Void> ping() {
        return onLoop(() -> send(null, "PING", new String[0]));
    }

    /** What the server has confirmed, in this order. Stays what it was when the connection ends. On the loop. */
    public List<String> subscriptions(Kind kind) {
        return List.copyOf(confirmed(kind));
    }

    private Set<String> confirmed(Kind kind) {
        return Objects.requireNonNull(confirmed.get(kind));
    }

    /** What is going to be subscribed to once all that was sent is confirmed. */
    private Set<String> wanted(Kind kind) {
        var wanted = new LinkedHashSet<>(confirmed(kind));
        for (Request each : pending) {
            if (each.kind == kind) {
                List<String> names = List.of(each.names);
                if (each.begins()) {
                    wanted.addAll(names);
                } else {
                    names.forEach(wanted::remove);
                }
            }
        }
        return wanted;
    }

    private static String[] checked(String[] names) {
        String[] copy = names.clone();
        for (String each : copy) {
            Utf8.requirePaired(each, 0);
        }
        return copy;
    }

    private Future<@Nullable Void> onLoop(Supplier<Future<@Nullable Void>> work) {
        return Loop.current() == loop ? work.get() : loop.submit(work::get).flatMap(sent -> sent);
    }

    private Future<@Nullable Void> send(@Nullable Kind kind, String verb, String[] names) {
        if (over || !connection.isOpen()) {
            return loop.failed(why());
        }
        Command command = Command.of(verb);
        if (names.length > 0) {
            String[] parts = new String[names.length + 1];
            parts[0] = verb;
            System.arraycopy(names, 0, parts, 1, names.length);
            command = Command.of(parts);
        }
        var request = new Request(verb.toLowerCase(Locale.ROOT), kind, names, loop.promise());
        pending.add(request);
        Future<@Nullable Void> written = connection.write(command);
        Throwable refused = written.isDone() ? written.failure() : null;
        if (refused != null && pending.removeLastOccurrence(request)) { // no answer will come
            request.promise.fail(refused);
        }
        return request.promise;
    }

    // ---- what comes

    private void receive(Reply reply) {
        if (failure != null) {
            failure = null; // the connection has survived it
        }
        Reply plain = Reply.plain(reply);
        List<Reply> parts = plain instanceof Reply.Push push
                ? push.elements()
                : plain instanceof Reply.Array array ? array.elements() : List.of();
        String first = parts.isEmpty() ? null : Reply.text(parts.getFirst());
        boolean understood = first == null ? answer(plain) : told(first, parts, plain);
        if (!understood) {
            String shown = reply.toString();
            Resp.release(reply);
            throw new UncheckedIOException(new ProtocolException("a reply that answers nothing here: " + shown));
        }
        welcomed = true;
    }

    private boolean told(String first, List<Reply> parts, Reply whole) {
        return switch (first) {
            case "message" -> message(Kind.CHANNEL, parts);
            case "pmessage" -> message(Kind.PATTERN, parts);
            case "smessage" -> message(Kind.SHARD, parts);
            case "pong" -> pong();
            default -> confirmedOrPushed(first, parts, whole);
        };
    }

    private boolean confirmedOrPushed(String first, List<Reply> parts, Reply whole) {
        for (Kind each : Kind.values()) {
            if (first.equalsIgnoreCase(each.begin) || first.equalsIgnoreCase(each.end)) {
                return parts.size() == 3 && confirmed(each, first, Reply.text(parts.get(1)));
            }
        }
        if (whole instanceof Reply.Push push) {
            receiver.pushed(push);
            return true;
        }
        return false;
    }

    private boolean message(Kind kind, List<Reply> parts) {
        int size = kind == Kind.PATTERN ? 4 : 3;
        String subscription = parts.size() == size ? Reply.text(parts.get(1)) : null;
        String channel = subscription == null ? null : Reply.text(parts.get(size - 2));
        if (subscription == null || channel == null) {
            return false;
        }
        receiver.message(new Message(kind, subscription, channel, parts.get(size - 1)));
        return true;
    }

    /** Of the request that waits longest; or, if it is an end that nobody waits for, of the server's own accord. */
    private boolean confirmed(Kind kind, String verb, @Nullable String name) {
        if (name == null) {
            return false; // of what was not named: that is never sent
        }
        Request request = pending.peek();
        boolean begins = verb.equalsIgnoreCase(kind.begin);
        boolean asked = request != null
                && request.verb.equals(verb)
                && request.confirmed < request.names.length
                && request.names[request.confirmed].equals(name);
        if (!asked) {
            if (begins) {
                return false;
            }
            confirmed(kind).remove(name);
            receiver.unsubscribed(kind, name, false);
            return true;
        }
        request.confirmed++;
        if (request.confirmed == request.names.length) {
            pending.remove();
            request.promise.complete(null);
        }
        if (begins) {
            confirmed(kind).add(name);
            receiver.subscribed(kind, name);
        } else {
            confirmed(kind).remove(name);
            receiver.unsubscribed(kind, name, true);
        }
        return true;
    }

    private boolean pong() {
        Request request = pending.peek();
        if (request == null || request.kind != null) {
            return false;
        }
        pending.remove().promise.complete(null);
        return true;
    }

    /** A status, or an error: that is the one answer of a whole request. */
    private boolean answer(Reply reply) {
        Request request = pending.peek();
        if (!(reply instanceof Reply.Failed refusal)) {
            return reply.equals(Reply.PONG) && pong();
        }
        if (!welcomed && RespException.refusesConnection(refusal)) {
            throw new UncheckedIOException(new RespException(refusal, "the server has refused the connection: "));
        }
        if (request == null || request.confirmed > 0) {
            return false;
        }
        pending.remove();
        request.promise.fail(new RespException(refusal));
        return true;
    }

    // ---- the end

    /**
     * Tells {@code handler} of what goes wrong with the connection, instead of the {@link rill.Reporter}. Futures that are not done fail
     * afterwards. Replaces an earlier handler. On the loop, or while nobody drives it.
     */
    public RespSubscriber onFailure(Consumer<? super Failure> handler) {
        onFailure = Objects.requireNonNull(handler, "handler");
        return this;
    }

    private void failed(Failure happened) {
        failure = happened.cause();
        if (onFailure != null) {
            onFailure.accept(happened);
        } else if (pending.isEmpty()) {
            happened.report(); // otherwise whoever waits is told
        }
    }

    private void ended() {
        failure = new IOException(connection + ": the peer has ended its stream");
        connection.close();
    }

    private void end() {
        over = true;
        for (Request each = pending.poll(); each != null; each = pending.poll()) {
            each.promise.fail(why());
        }
    }

    private IOException why() {
        Throwable cause = failure;
        String what = "subscriber, " + connection + " is closed";
        return cause == null ? new IOException(what) : new IOException(what + ": " + cause.getMessage(), cause);
    }

    /** Pauses receiving, as {@link Connection#pause} does. On the loop. */
    public void pause() {
        connection.pause();
    }

    /** Undoes {@link #pause}. On the loop. */
    public void resume() {
        connection.resume();
    }

    /** Closes the connection, in good order, and does not wait: see {@link Connection#close}. */
    @Override
    public void close() {
        if (isOpen()) {
            failure = null;
        }
        connection.close();
    }

    /** Done, never failed, when the connection is gone. A Future of the caller's own. */
    public Future<@Nullable Void> closed() {
        return connection.closed();
    }

    /** Why the connection has ended; null while it has not, or if this side has closed it. */
    public @Nullable Throwable failure() {
        return over ? failure : null;
    }

    /** Whether it is open. */
    public boolean isOpen() {
        return !over && connection.isOpen();
    }
}
