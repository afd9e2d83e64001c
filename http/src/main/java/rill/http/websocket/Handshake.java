package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.DeadlineException;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.http.wire.HttpLimits;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * A WebSocket from the first byte on. It speaks HTTP until both sides have agreed, and holds writes meanwhile, so that a connection is handed over only
 * when the WebSocket is open.
 *
 * <pre>
 *  HTTP ── 101, sent or received ──▶ the session of the WebSocket
 *    └ anything else: refused; a client is told why
 * </pre>
 */
abstract class Handshake implements Session<WebSocketMessage, WebSocketMessage> {
    final WebSocketOptions options;
    private final Context context;
    private @Nullable Session<WebSocketMessage, WebSocketMessage> open; // once agreed

    Handshake(WebSocketOptions options, Context context) {
        this.options = options;
        this.context = context;
    }

    /** The client's side, for this URI. */
    record Client(URI uri, WebSocketOptions options) implements Codec<WebSocketMessage, WebSocketMessage> {
        @Override
        public Session<WebSocketMessage, WebSocketMessage> open(Context context) {
            return new Asking(uri, options, context);
        }

        @Override
        public int sizeEstimate(WebSocketMessage message) {
            return WebSocketCodec.estimate(message);
        }
    }

    /** The server's side. */
    record Server(WebSocketOptions options) implements Codec<WebSocketMessage, WebSocketMessage> {
        @Override
        public Session<WebSocketMessage, WebSocketMessage> open(Context context) {
            return new Answering(options, context);
        }

        @Override
        public int sizeEstimate(WebSocketMessage message) {
            return WebSocketCodec.estimate(message);
        }
    }

    /** Reads a part of the handshake. */
    abstract void shakeHands(ByteBuf in, Context within) throws IOException;

    /** Called when both sides have agreed: frames follow. */
    final @Nullable WebSocketMessage agreed(boolean client, WebSocketInfo info, Context within) throws IOException {
        var codec = new WebSocketCodec(client, info, options);
        Session<WebSocketMessage, WebSocketMessage> session = codec.open(context);
        open = session;
        within.stopTimer();
        within.releaseWrites();
        return session.opened(within);
    }

    @Override
    public final @Nullable WebSocketMessage decode(ByteBuf in, Context within) throws IOException {
        if (open != null) {
            return open.decode(in, within);
        }
        shakeHands(in, new WithoutStop(within));
        return null;
    }

    @Override
    public final void encode(WebSocketMessage message, Outgoing out) throws IOException {
        Session<WebSocketMessage, WebSocketMessage> session = open;
        if (session == null) {
            throw new IOException("a message before the WebSocket is open can't be sent");
        }
        session.encode(message, out);
    }

    @Override
    public final @Nullable WebSocketMessage inputEnded(ByteBuf rest, Context within) throws IOException {
        if (open != null) {
            return open.inputEnded(rest, within);
        }
        throw new ProtocolException(rest.readableBytes(), "the stream ended within a WebSocket's handshake");
    }

    @Override
    public final @Nullable WebSocketMessage timerExpired(Context within) throws IOException {
        if (open != null) {
            return open.timerExpired(within);
        }
        throw new DeadlineException("a WebSocket's handshake was not done within "
                + options.handshakeTimeout().toMillis() + " ms");
    }

    @Override
    public final boolean replaceable() {
        return open == null || open.replaceable();
    }

    @Override
    public final @Nullable Object info() {
        return open == null ? null : open.info();
    }

    @Override
    public final void outputEnding(Outgoing out) throws IOException {
        if (open != null) {
            open.outputEnding(out);
        }
    }

    @Override
    public final void closed() {
        if (open != null) {
            open.closed();
        }
    }

    // ---- the two sides

    private static final class Asking extends Handshake {
        private final RequestHead request;
        private final Session<ResponseEvent, RequestEvent> http;

        Asking(URI uri, WebSocketOptions options, Context context) {
            super(options, context);
            this.request = Opening.request(uri, options, context.random());
            this.http = HttpWire.clientCodec(HttpLimits.defaults()).open(context);
        }

        @Override
        public @Nullable WebSocketMessage opened(Context context) throws IOException {
            context.holdWrites();
            http.encode(request, context.out());
            return null;
        }

        @Override
        void shakeHands(ByteBuf in, Context within) throws IOException {
            if (http.decode(in, within) instanceof ResponseHead response && !response.isInterim()) {
                if (response.status() != 101) {
                    throw new WebSocketRefusedException(request.target(), response);
                }
                agreed(true, Opening.agreed(request, response, options), within);
            }
        }
    }

    private static final class Answering extends Handshake {
        private final Session<RequestEvent, ResponseEvent> http;

        Answering(WebSocketOptions options, Context context) {
            super(options, context);
            this.http = HttpWire.serverCodec(HttpLimits.defaults()).open(context);
        }

        @Override
        public @Nullable WebSocketMessage opened(Context context) {
            context.holdWrites();
            context.startTimer(options.handshakeTimeout());
            return null;
        }

        @Override
        void shakeHands(ByteBuf in, Context within) throws IOException {
            if (http.decode(in, within) instanceof RequestHead request) {
                try {
                    WebSocketInfo info = Opening.answer(request, options);
                    http.encode(info.response(), within.out());
                    agreed(false, info, within);
                } catch (Opening.RefusedException e) {
                    http.encode(e.response(), within.out());
                    throw new ProtocolException("expected a WebSocket's handshake: " + e.getMessage() + " Found "
                            + request.method() + " " + request.target() + "; answered " + e.status);
                }
            }
        }
    }

    /** Ignores the codec's stop after the handshake, since this session continues by itself. */
    private record WithoutStop(Context context) implements Context {
        @Override
        public void stop() {}

        @Override
        public RandomGenerator random() {
            return context.random();
        }

        @Override
        public SocketAddress remoteAddress() {
            return context.remoteAddress();
        }

        @Override
        public @Nullable SocketAddress target() {
            return context.target();
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            return context.shared(type, maker);
        }

        @Override
        public ByteBuf own(ByteBuf borrowed) {
            return context.own(borrowed);
        }

        @Override
        public ByteBuf own(int atLeast) {
            return context.own(atLeast);
        }

        @Override
        public ByteBuf lend(int atLeast) {
            return context.lend(atLeast);
        }

        @Override
        public Outgoing out() {
            return context.out();
        }

        @Override
        public void needMore(int bytes) {
            context.needMore(bytes);
        }

        @Override
        public void again() {
            context.again();
        }

        @Override
        public void startTimer(Duration after) {
            context.startTimer(after);
        }

        @Override
        public boolean isReading() {
            return context.isReading();
        }

        @Override
        public boolean isGoingAway() {
            return context.isGoingAway();
        }

        @Override
        public void stopTimer() {
            context.stopTimer();
        }

        @Override
        public void runBlocking(Runnable work) {
            context.runBlocking(work);
        }

        @Override
        public void holdWrites() {
            context.holdWrites();
        }

        @Override
        public void releaseWrites() {
            context.releaseWrites();
        }

        @Override
        public void end() {
            context.end();
        }
    }
}
