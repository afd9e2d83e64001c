package rill.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** TLS over the JDK's engine, complete enough to prove that a layer with a protocol of its own fits into a pipeline. */
record TlsLayer(Supplier<SSLEngine> engines, Duration handshakeTimeout) implements ByteLayer {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new OneConnection(engines.get());
    }

    private final class OneConnection implements Session<ByteBuf, ByteBuf> {
        private final SSLEngine engine;
        private final ByteBuf plain;
        private boolean handshakeDone;

        OneConnection(SSLEngine engine) {
            this.engine = engine;
            plain = Unpooled.buffer(engine.getSession().getApplicationBufferSize());
        }

        @Override
        public @Nullable ByteBuf opened(Context context) throws IOException {
            context.holdWrites();
            context.startTimer(handshakeTimeout);
            engine.beginHandshake();
            return decode(Unpooled.EMPTY_BUFFER, context);
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            plain.clear();
            try {
                while (step(in, context)) {
                    // one more step of the handshake
                }
            } catch (SSLException e) {
                sendAlert(context.out());
                throw e;
            }
            return plain.isReadable() ? plain : null;
        }

        /** Returns true if there is more to do at once. */
        private boolean step(ByteBuf in, Context context) throws SSLException {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        context.runBlocking(task);
                    }
                    return false;
                }
                case NEED_WRAP -> {
                    note(wrap(NOTHING, context.out()), context);
                    return true;
                }
                default -> {
                    return in.isReadable() && unwrap(in, context);
                }
            }
        }

        private boolean unwrap(ByteBuf in, Context context) throws SSLException {
            ByteBuffer target = plain.nioBuffer(0, plain.capacity());
            SSLEngineResult result = engine.unwrap(in.nioBuffer(), target);
            in.skipBytes(result.bytesConsumed());
            plain.writerIndex(result.bytesProduced());
            if (result.getStatus() == Status.CLOSED) {
                context.end();
                return false;
            }
            note(result, context);
            return result.getStatus() == Status.OK && !plain.isReadable();
        }

        private void note(SSLEngineResult result, Context context) {
            if (result.getHandshakeStatus() == HandshakeStatus.FINISHED && !handshakeDone) {
                handshakeDone = true;
                context.stopTimer();
                context.releaseWrites();
            }
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) throws IOException {
            ByteBuffer source = message.nioBuffer();
            while (source.hasRemaining()) {
                wrap(source, out);
            }
        }

        private SSLEngineResult wrap(ByteBuffer source, Outgoing out) throws SSLException {
            int most = engine.getSession().getPacketBufferSize();
            ByteBuf target = out.buffer(most);
            SSLEngineResult result = engine.wrap(source, target.nioBuffer(target.writerIndex(), most));
            target.writerIndex(target.writerIndex() + result.bytesProduced());
            return result;
        }

        private void sendAlert(Outgoing out) {
            try {
                if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                    wrap(NOTHING, out);
                }
            } catch (SSLException e) {
                // only the first failure is reported
            }
        }

        @Override
        public @Nullable ByteBuf timerExpired(Context context) throws IOException {
            throw new SSLException("no handshake within " + handshakeTimeout.toMillis() + " ms");
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
            throw new SSLException("the stream was cut off without close_notify");
        }

        @Override
        public void outputEnding(Outgoing out) throws IOException {
            engine.closeOutbound();
            while (!engine.isOutboundDone() && wrap(NOTHING, out).bytesProduced() > 0) {
                // an alert may precede the close_notify
            }
        }
    }
}
