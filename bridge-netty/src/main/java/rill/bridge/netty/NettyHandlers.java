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
 * Handlers of Netty as a {@link ByteLayer} or a {@link Codec}: for protocols that Rill has no codec for.
 *
 * <pre>{@code
 * NettyHandlers mqtt = NettyHandlers.of(handlers -> handlers.addLast(new MqttDecoder(), MqttEncoder.INSTANCE));
 * Pipeline<MqttMessage, MqttMessage> pipeline = Pipeline.of(mqtt.codec(MqttMessage.class, MqttMessage.class));
 * }</pre>
 *
 * <p>Each connection has handlers of its own, in a channel without a socket that works within the calls of the loop: what they write is written,
 * in their order; what they leave at the pipeline's end is received; what they throw fails the connection.
 *
 * <p><b>Writing:</b> a handler completes the promise of each write. Until then what is written after it waits, {@link rill.Connection#flush} is not done,
 * and the connection does not end in good order.
 *
 * <p><b>Closing:</b> before our stream ends, handlers are asked to close, and what they write within that call is sent. They go on to decode until the
 * connection is gone. If a handler closes the channel by itself, what is received ends, after what has come; the connection is then the receiver's to close.
 *
 * <p><b>Ownership:</b> as Netty has it between handlers: they own what comes in and release it. What is received is the receiver's. Events of which no
 * messages are made are released. A message that is written is borrowed: one that somebody else has retained, handlers get as a duplicate.
 *
 * <p><b>Time:</b> what handlers schedule runs by the loop's clock, so it is virtual in a simulation; not after the connection is gone. Above a layer that is not
 * ready (TLS in its handshake), nothing wakes the connection: what is due, and what is given outside of its calls, runs with the next bytes; or when the layer is
 * ready, after its delay, which begins anew then.
 *
 * <p><b>Errors:</b> what handlers throw fails the connection, after the messages that came before it. A message that can't be written fails alone, unless a part
 * of it has come out of the handlers: then nothing of it leaves, and the connection fails. {@link rill.Connection#become} refuses to replace handlers with an
 * {@link IllegalStateException}: they can't give back the bytes that they have taken.
 *
 * <p><b>Work elsewhere:</b> a handler may hand work to another thread, and give what comes of it to {@code ctx.executor()}, {@code ctx.writeAndFlush} or
 * {@code ctx.fireChannelRead} from there, or in a callback on the loop: it runs in a Handle, in the order in which one thread gave it, and what it writes and leaves is
 * written and received as ever. The connection knows nothing of such work before it comes back: {@link rill.Connection#close} and a graceful stop don't wait for it,
 * the end of the input may be told before, and more bytes are decoded meanwhile. What is passed on when the receiver was told the end is released, and the first of it is
 * reported to the loop's {@link rill.Reporter}. What is written when our stream has ended fails. When the connection is gone, or the loop is closed before it runs,
 * what is still written fails, what is still passed on is released, and nothing more can be scheduled.
 *
 * <p><b>Not guaranteed:</b> handlers with an executor of their own, as in {@code addLast(group, handler)}, are refused if they are there when the connection begins: it fails with an
 * {@link UnsupportedOperationException}. Nothing looks for such as are added later, and their calls may come in any order. While the connection closes, and when a write to the network
 * has failed, nothing wakes it: what is given and what is due waits until it is gone, or for its next call. The channel is always writable, and reads by itself: whether anything is read, decoded or written is up to Rill's own
 * water marks.
 *
 * <p><b>Threading:</b> immutable; the functions run on the loop of the connection.
 */
public final class NettyHandlers {
    /**
     * What handlers tell by user events, as messages.
     *
     * @param <R> what is received
     */
    @FunctionalInterface
    public interface UserEvents<R> {
        /**
         * The message that this event is to the receiver, who then owns what the event holds; or null for none. On the connection's loop; what it throws fails
         * the connection.
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
     * Handlers, which this function adds for each connection.
     *
     * @param initializer adds new ones each time, or such as are sharable. What it throws fails the connection
     */
    public static NettyHandlers of(Consumer<? super ChannelPipeline> initializer) {
        return new NettyHandlers(Objects.requireNonNull(initializer, "initializer"), null);
    }

    /**
     * These handlers, which have to agree on something with the peer before anything can be written: {@link rill.Loop#connect} is done, and what is written
     * leaves, once this Future of theirs is. If it fails, so does the connection.
     *
     * <pre>{@code
     * tls.readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture())
     * }</pre>
     *
     * @param future gives it for each connection, when the handlers were added
     */
    public NettyHandlers readyWhen(Function<? super ChannelPipeline, ? extends Future<?>> future) {
        return new NettyHandlers(initializer, Objects.requireNonNull(future, "future"));
    }

    /** Handlers that take bytes and leave bytes, such as compression or an {@code SslHandler}: a layer beneath a codec. */
    public ByteLayer layer() {
        return context -> new LayerSession(channel(context), context);
    }

    /**
     * Handlers that make messages of bytes, and bytes of messages.
     *
     * @param received the type of what the handlers leave at the end of the pipeline; something else there fails the connection
     * @param written the type of what is written
     */
    public <R, W> Codec<R, W> codec(Class<R> received, Class<W> written) {
        return codec(received, written, event -> null);
    }

    /**
     * Likewise, with what handlers tell by user events ({@code fireUserEventTriggered}).
     *
     * @param events gives the messages
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

    /** Until when nothing may be written; null for at once. */
    @Nullable
    Future<?> ready(ChannelPipeline pipeline) {
        return ready == null ? null : Objects.requireNonNull(ready.apply(pipeline), "the Future that readyWhen gives");
    }
}
