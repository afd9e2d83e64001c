package rill.bridge.netty;

import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Codec;
import rill.Context;

/**
 * Netty's handlers as a {@link ByteLayer} or a {@link Codec}: for protocols that Rill has no codec for.
 *
 * <pre>{@code
 * NettyHandlers mqtt = NettyHandlers.of(handlers -> handlers.addLast(new MqttDecoder(), MqttEncoder.INSTANCE));
 * Pipeline<MqttMessage, MqttMessage> pipeline = Pipeline.of(mqtt.codec(MqttMessage.class, MqttMessage.class));
 * }</pre>
 *
 * <p>Each connection has its own handlers, in a channel without a socket that works within calls of the loop. What the handlers write is sent in
 * order. What reaches the end of their pipeline is received. Their exceptions fail the connection.
 *
 * <p><b>Writing:</b> a handler must complete the promise of each write. Until then, later writes wait, {@link rill.Connection#flush} is not done, and
 * the connection does not end gracefully.
 *
 * <p><b>Closing:</b> before our output ends, the handlers are asked to close, and what they write within that call is sent. They continue to decode
 * until the connection is closed. If a handler closes the channel itself, the input ends after the messages that have arrived, and it is up to the
 * receiver to close the connection.
 *
 * <p><b>Ownership:</b> as in Netty, handlers own what they are passed and release it. Received messages are owned by the receiver. Events that are
 * not turned into messages are released. A written message is borrowed: if it has other references, the handlers get a duplicate.
 *
 * <p><b>Time:</b> tasks that handlers schedule run by the loop's clock, which is virtual in a simulation, and not after the connection is closed.
 * Above a layer that is not ready (TLS in its handshake), nothing wakes the connection. Due tasks, and work submitted outside of its calls, then run
 * with the next bytes; or, once the layer is ready, after their delay, which starts again at that time.
 *
 * <p><b>Errors:</b> an exception of a handler fails the connection, after the messages before it were delivered. If the connection is gone before its
 * turn comes, it is reported to the loop's {@link rill.Reporter}, unless it stems from the network. If a message can't be written, only its write
 * fails, unless handlers have already written a part of it, or have kept it and refuse it after its call: then nothing of it is sent, and the
 * connection fails.
 * {@link rill.Connection#become} throws an {@link IllegalStateException}: handlers can't be replaced, since they can't give back the bytes that they
 * have consumed.
 *
 * <p><b>Work on other threads:</b> a handler may pass work to another thread, and return its result through {@code ctx.executor()},
 * {@code ctx.writeAndFlush} or {@code ctx.fireChannelRead}, from that thread or from a callback on the loop. It then runs in a Handle, in the order
 * in which each thread submitted it, and its writes and messages are treated as usual. The connection is not aware of such work until it returns:
 * {@link rill.Connection#close} and a graceful stop don't wait for it, the end of input may be delivered before, and decoding continues meanwhile.
 * Messages passed on after the end of input was delivered are released, and the first of them is reported to the loop's {@link rill.Reporter}. Writes
 * after our output has ended fail. When the connection is closed, or the loop closes before the work runs, its writes fail, the messages it passes on
 * are released, and nothing more can be scheduled.
 *
 * <p><b>Not guaranteed:</b> handlers with their own executor, as in {@code addLast(group, handler)}, are not supported. If there are any when the
 * connection begins, it fails with an {@link UnsupportedOperationException}. Handlers that are added later are not checked, and their calls may
 * arrive in any order. While the connection is closing, and after a write to the network has failed, nothing wakes it: submitted and due work waits
 * until it is closed, or for its next call. The channel is always writable and reads by itself; Rill's water marks control reading, decoding and
 * writing. What handlers allocate does not count as the loop's {@link rill.LoopOptions#bufferMemory}: they are given at most 16 KiB at once, and no
 * more before the messages made of these were received.
 *
 * <p><b>Threading:</b> immutable; the functions run on the connection's loop.
 */
public final class NettyHandlers {
    /**
     * Turns user events of handlers into messages.
     *
     * @param <R> the type of received messages
     */
    @FunctionalInterface
    public interface UserEvents<R> {
        /**
         * Returns the message for this event, or null for none. The receiver of the message owns what the event holds. Runs on the connection's loop;
         * an exception fails the connection.
         */
        @Nullable
        R message(Object event);
    }

    private final Consumer<? super ChannelPipeline> initializer;
    private final @Nullable Function<? super ChannelPipeline, ? extends Future<?>> ready;

    private NettyHandlers(
            Consumer<? super ChannelPipeline> initializer,
            @Nullable Function<? super ChannelPipeline, ? extends Future<?>> ready) {
        this.initializer = initializer;
        this.ready = ready;
    }

    /**
     * Handlers that this function adds for each connection.
     *
     * @param initializer adds new handlers each time, or sharable ones. Its exceptions fail the connection
     */
    public static NettyHandlers of(Consumer<? super ChannelPipeline> initializer) {
        return new NettyHandlers(Objects.requireNonNull(initializer, "initializer"), null);
    }

    /**
     * Waits for these handlers to agree with the peer before anything is written: {@link rill.Loop#connect} is done, and held writes are sent, once
     * their Future is done. If it fails, the connection fails.
     *
     * <pre>{@code
     * tls.readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture())
     * }</pre>
     *
     * @param future returns the Future of each connection, after its handlers were added
     */
    public NettyHandlers readyWhen(Function<? super ChannelPipeline, ? extends Future<?>> future) {
        return new NettyHandlers(initializer, Objects.requireNonNull(future, "future"));
    }

    /** A byte layer beneath a codec: handlers that take bytes and pass on bytes, such as compression or an {@code SslHandler}. */
    public ByteLayer layer() {
        return context -> new LayerSession(channel(context), context);
    }

    /**
     * A codec: handlers that turn bytes into messages and messages into bytes.
     *
     * @param received the type that reaches the end of the handlers' pipeline; any other type there fails the connection
     * @param written the type of written messages
     */
    public <R, W> Codec<R, W> codec(Class<R> received, Class<W> written) {
        return codec(received, written, event -> null);
    }

    /**
     * Likewise, with messages from the handlers' user events ({@code fireUserEventTriggered}).
     *
     * @param events returns the message of an event
     */
    public <R, W> Codec<R, W> codec(Class<R> received, Class<W> written, UserEvents<? extends R> events) {
        Objects.requireNonNull(received, "received");
        Objects.requireNonNull(written, "written");
        Objects.requireNonNull(events, "events");
        return context -> new CodecSession<>(channel(context), context, received, events);
    }

    private BridgeChannel channel(Context context) {
        return new BridgeChannel(this, context.remoteAddress());
    }

    void addTo(ChannelPipeline pipeline) {
        initializer.accept(pipeline);
    }

    /** The Future that writes wait for; null if there is none. */
    @Nullable
    Future<?> ready(ChannelPipeline pipeline) {
        return ready == null ? null : Objects.requireNonNull(ready.apply(pipeline), "the Future that readyWhen gives");
    }
}
