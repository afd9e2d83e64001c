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
import rill.Actions;
import rill.ByteLayer;
import rill.Outgoing;
import rill.Session;
import rill.SessionContext;

/** TLS over the JDK's engine, as far as it takes to prove that a layer with a will of its own fits into a pipeline. */
record TlsLayer(Supplier<SSLEngine> engines, Duration handshakeTimeout) implements ByteLayer {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
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
        public void opened(Actions<ByteBuf> actions) throws IOException {
            actions.holdWrites();
            actions.startTimer(handshakeTimeout);
            engine.beginHandshake();
            decode(Unpooled.EMPTY_BUFFER, actions);
        }

        @Override
        public void decode(ByteBuf in, Actions<ByteBuf> actions) throws IOException {
            try {
                while (step(in, actions)) {
                    // one more step of the handshake
                }
            } catch (SSLException e) {
                sendAlert(actions.out());
                throw e;
            }
        }

        /** True if there is more to do at once. */
        private boolean step(ByteBuf in, Actions<ByteBuf> actions) throws SSLException {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        actions.runBlocking(task);
                    }
                    return false;
                }
                case NEED_WRAP -> {
                    note(wrap(NOTHING, actions.out()), actions);
                    return true;
                }
                default -> {
                    return in.isReadable() && unwrap(in, actions);
                }
            }
        }

        private boolean unwrap(ByteBuf in, Actions<ByteBuf> actions) throws SSLException {
            plain.clear();
            ByteBuffer target = plain.nioBuffer(0, plain.capacity());
            SSLEngineResult result = engine.unwrap(in.nioBuffer(), target);
            in.skipBytes(result.bytesConsumed());
            plain.writerIndex(result.bytesProduced());
            if (plain.isReadable()) {
                actions.message(plain);
            }
            if (result.getStatus() == Status.CLOSED) {
                actions.end();
                return false;
            }
            note(result, actions);
            return result.getStatus() == Status.OK && !plain.isReadable();
        }

        private void note(SSLEngineResult result, Actions<ByteBuf> actions) {
            if (result.getHandshakeStatus() == HandshakeStatus.FINISHED && !handshakeDone) {
                handshakeDone = true;
                actions.stopTimer();
                actions.releaseWrites();
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
                // the first failure is the one to tell
            }
        }

        @Override
        public void timerExpired(Actions<ByteBuf> actions) throws IOException {
            throw new SSLException("no handshake within " + handshakeTimeout.toMillis() + " ms");
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<ByteBuf> actions) throws IOException {
            throw new SSLException("the stream was cut off without close_notify");
        }

        @Override
        public void outputEnding(Outgoing out) throws IOException {
            engine.closeOutbound();
            while (!engine.isOutboundDone() && wrap(NOTHING, out).bytesProduced() > 0) {
                // an alert may come before the close_notify
            }
        }
    }
}
