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
 * Subscriptions over a dedicated connection, in either version of the protocol.
 *
 * <pre>
 * RespSubscriber news = loop.connect(address, Resp.clientPipeline())
 *         .map(connection -&gt; RespSubscriber.over(connection, message -&gt; show(message.text())))
 *         .await();
 * news.subscribe("weather", "traffic").await();
 * </pre>
 *
 * <p>The server confirms each channel separately. A Future is done once all the channels of its call are confirmed. {@link Receiver} is called for
 * messages and confirmations in the order of the wire; a Future's callbacks run later, in a Handle. Requests are sent in the order in which they
 * were made, and wait while the connection takes no more: however many are made at once, the connection does not fail for that.
 *
 * <p><b>Threading:</b> any thread, unless a method says otherwise. The receiver is called on the loop.
 *
 * <p><b>Errors:</b> if the server refuses a request, its Future fails with a {@link RespException}; existing subscriptions stay. If the connection
 * ends, every pending Future fails with the cause; {@link #failure} returns that cause, and {@link #subscriptions} what was subscribed to, for
 * reconnecting. Exceptions of the receiver go to {@link #onFailure}, and so does the {@link ProtocolException} for a reply that answers nothing.
 *
 * <p><b>Source:</b> Redis documentation, "Redis Pub/Sub", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE".
 */
public final class RespSubscriber implements AutoCloseable {
    /** The kind of a subscription. */
    public enum Kind {
        /** A channel by its name. */
        CHANNEL("SUBSCRIBE", "UNSUBSCRIBE"),
        /** All channels whose names match a pattern, such as {@code news.*}. */
        PATTERN("PSUBSCRIBE", "PUNSUBSCRIBE"),
        /** A sharded channel of a cluster; Redis 7 or later. */
        SHARD("SSUBSCRIBE", "SUNSUBSCRIBE");

        private final String begin;
        private final String end;

        Kind(String begin, String end) {
            this.begin = begin;
            this.end = end;
        }
    }

    /**
     * A published message.
     *
     * @param kind the kind of the subscription that it was received by
     * @param subscription the name or pattern that was subscribed to
     * @param channel the channel that it was published to
     * @param payload its content: a {@link Reply.Bulk}, except in messages from the server itself
     */
    public record Message(Kind kind, String subscription, String channel, Reply payload) {
        /** The payload as text in UTF-8; malformed bytes are replaced. Empty if it is not a text. */
        public String text() {
            return Objects.requireNonNullElse(Reply.text(payload), "");
        }
    }

    /** Receives messages and confirmations, on the loop, in the order of the wire. */
    @FunctionalInterface
    public interface Receiver {
        /** Called for a published message. */
        void message(Message message);

        /** Called when the server has confirmed a subscription: messages follow. */
        default void subscribed(Kind kind, String name) {}

        /**
         * Called when a subscription has ended: no more messages follow.
         *
         * @param asked whether this side has asked for it; otherwise the server has ended it, for example because a slot moved to another node
         */
        default void unsubscribed(Kind kind, String name, boolean asked) {}

        /** Called for any other push of the server. */
        default void pushed(Reply.Push push) {}
    }

    private final Connection<Reply, Command> connection;
    private final Loop loop;
    private final Receiver receiver;
    private final ArrayDeque<Request> unsent = new ArrayDeque<>(); // until the connection takes more
    private final ArrayDeque<Request> pending = new ArrayDeque<>(); // sent, in their order
    private boolean waits; // with the unsent ones
    private final Map<Kind, Set<String>> confirmed = new EnumMap<>(Kind.class);
    private @Nullable Consumer<? super Failure> onFailure;
    private volatile @Nullable Throwable failure;
    private volatile boolean finishing;
    private volatile boolean over;
    private boolean welcomed; // the server has sent something that was understood

    /** A request that is not yet confirmed: a command for some names, or a PING, which has none. */
    private static final class Request {
        final Command command;
        final String verb; // in lower case, as in confirmations
        final @Nullable Kind kind;
        final String[] names;
        final Promise<@Nullable Void> promise;
        int confirmed;

        Request(Command command, @Nullable Kind kind, String[] names, Promise<@Nullable Void> promise) {
            this.command = command;
            this.verb = command.name().toLowerCase(Locale.ROOT);
            this.kind = kind;
            this.names = names;
            this.promise = promise;
        }

        /** Adds its names to those that are subscribed to, or removes them, if they are of this kind. */
        void applyTo(Kind some, Set<String> subscriptions) {
            if (kind == some && verb.equalsIgnoreCase(some.begin)) {
                subscriptions.addAll(List.of(names));
            } else if (kind == some) {
                List.of(names).forEach(subscriptions::remove);
            }
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

    /** Takes over a connection that has no receiver yet, on its loop. Its pipeline is {@link Resp#clientPipeline(Hello, RespOptions)}. */
    public static RespSubscriber over(Connection<Reply, Command> connection, Receiver receiver) {
        var subscriber =
                new RespSubscriber(connection, connection.loop(), Objects.requireNonNull(receiver, "receiver"));
        connection.onFailure(subscriber::failed).onMessage(subscriber::receive, subscriber::ended);
        connection.closed().onDone((nothing, cause) -> subscriber.end());
        return subscriber;
    }

    // ---- requests

    /** Subscribes to channels. */
    public Future<@Nullable Void> subscribe(String... channels) {
        return subscribe(Kind.CHANNEL, channels);
    }

    /**
     * Subscribes to channels or patterns.
     *
     * @return done when the server has confirmed all of them
     * @throws IllegalArgumentException if there is none, or a name has an unpaired surrogate
     */
    public Future<@Nullable Void> subscribe(Kind kind, String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("there is nothing to subscribe to");
        }
        String[] all = checked(names);
        return onLoop(() -> send(kind, kind.begin, all));
    }

    /** Ends subscriptions to channels; without arguments, all of them. */
    public Future<@Nullable Void> unsubscribe(String... channels) {
        return unsubscribe(Kind.CHANNEL, channels);
    }

    /**
     * Ends subscriptions; without names, all of this kind.
     *
     * @return done when the server has confirmed all of them; at once if there are none
     */
    public Future<@Nullable Void> unsubscribe(Kind kind, String... names) {
        String[] some = checked(names);
        return onLoop(() -> {
            // Named one by one: for a bare UNSUBSCRIBE, the number of confirmations to expect would be unknown.
            String[] all = some.length > 0 ? some : wanted(kind).toArray(String[]::new);
            return all.length == 0 ? loop.done(null) : send(kind, kind.end, all);
        });
    }

    /** Sends a PING; done when the server has answered it. */
    public Future<@Nullable Void> ping() {
        return onLoop(() -> send(null, "PING", new String[0]));
    }

    /** The confirmed subscriptions, in the order of their confirmation. They stay as they were when the connection ends. On the loop. */
    public List<String> subscriptions(Kind kind) {
        return List.copyOf(confirmed(kind));
    }

    private Set<String> confirmed(Kind kind) {
        return Objects.requireNonNull(confirmed.get(kind));
    }

    /** What will be subscribed to once all requests are confirmed. */
    private Set<String> wanted(Kind kind) {
        var wanted = new LinkedHashSet<>(confirmed(kind));
        pending.forEach(each -> each.applyTo(kind, wanted));
        unsent.forEach(each -> each.applyTo(kind, wanted));
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
        if (!isOpen()) {
            return loop.failed(why());
        }
        Command command = Command.of(verb);
        if (names.length > 0) {
            String[] parts = new String[names.length + 1];
            parts[0] = verb;
            System.arraycopy(names, 0, parts, 1, names.length);
            command = Command.of(parts);
        }
        var request = new Request(command, kind, names, loop.promise());
        unsent.add(request);
        sendNext();
        return request.promise;
    }

    /** Sends what the connection takes now, so that requests made faster than the server reads wait here instead of being refused. */
    private void sendNext() {
        while (!waits && !unsent.isEmpty()) {
            Request request = unsent.remove();
            pending.add(request);
            Future<@Nullable Void> written = connection.write(request.command);
            Throwable refused = written.isDone() ? written.failure() : null;
            if (refused != null && pending.removeLastOccurrence(request)) { // there will be no answer
                request.promise.fail(refused);
                closeIfFinished();
            } else if (!written.isDone()) {
                waits = true;
                written.onDone((nothing, failure) -> {
                    waits = false;
                    sendNext();
                });
            }
        }
    }

    // ---- replies

    private void receive(Reply reply) {
        if (failure != null) {
            failure = null; // the connection has survived it
        }
        Reply plain = Reply.plain(reply);
        List<Reply> parts = plain instanceof Reply.Push push
                ? push.elements()
                : plain instanceof Reply.Array array ? array.elements() : List.of();
        String first = parts.isEmpty() ? null : Reply.text(parts.getFirst());
        try {
            boolean understood = first == null ? answer(plain) : told(first, parts, plain);
            if (!understood) {
                String shown = Excerpt.of(reply);
                Resp.release(reply);
                throw new UncheckedIOException(new ProtocolException("a reply that answers nothing here: " + shown));
            }
            welcomed = true;
        } finally {
            closeIfFinished(); // also after a receiver has thrown, which the connection may survive
        }
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

    /** Belongs to the oldest pending request. If it is an end that was not asked for, the server has ended the subscription itself. */
    private boolean confirmed(Kind kind, String verb, @Nullable String name) {
        if (name == null) {
            return false; // an unsubscription without a name: that is never sent
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

    /** A status or an error, which is the single answer to a whole request. */
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
     * Sets the handler of the connection's failures, which replaces an earlier one, and is used instead of the {@link rill.Reporter}. Pending Futures
     * fail afterwards. On the loop, or while nothing drives it.
     */
    public RespSubscriber onFailure(Consumer<? super Failure> handler) {
        onFailure = Objects.requireNonNull(handler, "handler");
        return this;
    }

    private void failed(Failure happened) {
        failure = happened.cause();
        if (onFailure != null) {
            onFailure.accept(happened);
        } else if (pending.isEmpty() && unsent.isEmpty()) {
            happened.report(); // otherwise the pending Futures report it
        }
    }

    private void ended() {
        failure = new IOException(connection + ": the peer has ended its stream");
        connection.close();
    }

    private void end() {
        over = true;
        pending.addAll(unsent);
        unsent.clear();
        for (Request each = pending.poll(); each != null; each = pending.poll()) {
            each.promise.fail(why());
        }
    }

    private IOException why() {
        Throwable cause = failure;
        String what = "subscriber, " + connection + (connection.isOpen() ? " is finishing" : " is closed");
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

    /**
     * Takes no more requests, waits until those already made are answered, and closes. Until then messages are received.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> finish() {
        var _ = onLoop(() -> {
            finishing = true;
            closeIfFinished();
            return loop.done(null);
        });
        return closed();
    }

    private void closeIfFinished() {
        if (finishing && pending.isEmpty() && unsent.isEmpty()) {
            close();
        }
    }

    /**
     * Closes the connection gracefully, without waiting: see {@link Connection#close}. What was asked for and has not been written yet fails. Use
     * {@link #finish} to wait for the answers first.
     */
    @Override
    public void close() {
        if (connection.isOpen()) {
            failure = null;
        }
        connection.close();
    }

    /**
     * Closes the connection at once, with a reset: see {@link Connection#abort}. For a peer that seems to be gone, for which {@link #close} would wait.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> abort() {
        if (connection.isOpen()) {
            failure = null;
        }
        return connection.abort();
    }

    /** A Future that is done when the connection is closed, and never fails. It belongs to the caller. */
    public Future<@Nullable Void> closed() {
        return connection.closed();
    }

    /** Why the connection has ended; null while it has not, or if this side has closed it. */
    public @Nullable Throwable failure() {
        return over ? failure : null;
    }

    /** Whether it takes requests: false once it was closed, is finishing, or has failed. */
    public boolean isOpen() {
        return !finishing && !over && connection.isOpen();
    }
}
