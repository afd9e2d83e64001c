package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;

/** Faults of a Wire. */
final class WireFaults {
    /** Pipes leaked on purpose. */
    static final List<Pipe> LEAKED = new ArrayList<>();

    private WireFaults() {}

    static final class LosesTheEnd extends PassingWire {
        @Override
        public void inputEnded() {}
    }

    static final class DoublesAByte extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf doubled = Unpooled.buffer().writeByte(bytes.getByte(bytes.readerIndex()));
            super.received(doubled.writeBytes(bytes));
            doubled.release();
        }
    }

    static final class LosesAByte extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            super.received(bytes.readableBytes() > 1 ? bytes.readSlice(bytes.readableBytes() - 1) : bytes);
        }
    }

    static final class SwapsWrites extends PassingWire {
        private ByteBuf held;

        @Override
        public void write(ByteBuf buffer) {
            if (held == null) {
                held = buffer;
            } else {
                super.write(buffer);
                super.write(held);
                held = null;
            }
        }

        @Override
        public long flush() {
            return held == null ? super.flush() : 0;
        }

        @Override
        public void connected() {
            if (held != null) {
                super.write(held);
                held = null;
                super.flush();
            }
            super.connected();
        }
    }

    static final class TellsClosedTwice extends PassingWire {
        @Override
        public void closed(Throwable cause) {
            super.closed(cause);
            selector.later.add(() -> super.closed(cause));
        }
    }

    static final class ReadsWhilePaused extends PassingWire {
        @Override
        public void pauseReads() {}
    }

    static final class PausesLate extends PassingWire {
        private boolean paused;

        @Override
        public void pauseReads() {
            paused = true;
            selector.later.add(() -> selector.later.add(() -> {
                if (paused) {
                    super.pauseReads();
                }
            }));
        }

        @Override
        public void resumeReads() {
            paused = false;
            super.resumeReads();
        }
    }

    static final class ResumesInline extends PassingWire {
        private ByteBuf held;
        private boolean paused;

        @Override
        public void pauseReads() {
            paused = true; // and keeps what arrives
        }

        @Override
        public void received(ByteBuf bytes) {
            if (paused && held == null) {
                held = bytes.copy();
                super.pauseReads();
            } else {
                super.received(bytes);
            }
        }

        @Override
        public void resumeReads() {
            paused = false;
            super.resumeReads();
            if (held != null) {
                ByteBuf late = held;
                held = null;
                listener.received(late);
                late.release();
            }
        }

        @Override
        public void close() {
            if (held != null) {
                held.release();
                held = null;
            }
            super.close();
        }
    }

    static final class TouchesABufferAfterwards extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf mine = Unpooled.buffer().writeBytes(bytes);
            super.received(mine);
            mine.setZero(0, mine.capacity());
            mine.release();
        }
    }

    static final class OverwritesTheTarget extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf target = readTarget();
            if (target == null) {
                super.received(bytes);
            } else {
                super.received(target.clear().writeBytes(bytes));
            }
        }
    }

    static final class CountsTooMuch extends PassingWire {
        @Override
        public void written(long bytes) {
            super.written(bytes + 1);
        }
    }

    static final class CountsTooLittle extends PassingWire {
        @Override
        public void written(long bytes) {
            if (bytes > 1) {
                super.written(bytes - 1);
            }
        }
    }

    static final class CountsTwice extends PassingWire {
        private long appended;

        @Override
        public void write(ByteBuf buffer) {
            appended += buffer.readableBytes();
            super.write(buffer);
        }

        @Override
        public long flush() {
            super.flush();
            long n = appended;
            appended = 0;
            return n;
        }
    }

    static final class CountsNothing extends PassingWire {
        @Override
        public void written(long bytes) {
            listener.written(0);
            super.written(bytes);
        }
    }

    static final class TellsTheEndBeforeTheLastBytes extends PassingWire {
        private ByteBuf held;

        @Override
        public void received(ByteBuf bytes) {
            tellHeld();
            held = bytes.copy();
        }

        private void tellHeld() {
            if (held != null) {
                super.received(held);
                held.release();
                held = null;
            }
        }

        @Override
        public void inputEnded() {
            super.inputEnded();
            tellHeld();
        }
    }

    static final class ClosesBeforeBuffersComeBack extends PassingWire {
        private final List<ByteBuf> kept = new ArrayList<>();

        @Override
        public void write(ByteBuf buffer) {
            kept.add(buffer.retain());
            super.write(buffer);
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(cause);
            kept.forEach(ByteBuf::release);
        }
    }

    static final class KeepsALateBuffer extends PassingWire {
        private boolean closed;

        @Override
        public void close() {
            closed = true;
            super.close();
        }

        @Override
        public void write(ByteBuf buffer) {
            if (!closed) {
                super.write(buffer);
            }
        }
    }

    static final class TellsNothingToReadAsARead extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            super.received(Unpooled.EMPTY_BUFFER);
            super.received(bytes);
        }
    }

    static final class ReadsAfterItsClose extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf half = bytes.readRetainedSlice(bytes.readableBytes() / 2);
            super.received(bytes);
            super.received(half);
            half.release();
        }
    }

    static final class AbortsInGoodOrder extends PassingWire {
        @Override
        public void abort() {
            super.close();
        }
    }

    static final class ClosesOnHalfClose extends PassingWire {
        @Override
        public void shutdownOutput() {
            super.shutdownOutput();
            selector.later.add(() -> selector.later.add(real::close));
        }
    }

    static final class ClosesAtTheEndOfInput extends PassingWire {
        @Override
        public void inputEnded() {
            super.inputEnded();
            real.close();
        }
    }

    static final class NeverShutsDown extends PassingWire {
        @Override
        public void shutdownOutput() {
            super.flush();
        }
    }

    static final class ForgetsItsAddress extends PassingWire {
        private boolean closed;

        @Override
        public void closed(Throwable cause) {
            closed = true;
            super.closed(cause);
        }

        @Override
        public SocketAddress localAddress() {
            return closed ? null : super.localAddress();
        }
    }

    static final class DoesNotNameThePeer extends PassingWire {
        @Override
        public void closed(Throwable cause) {
            super.closed(cause == null ? null : new IOException("Connection refused"));
        }
    }

    static final class TellsReadsOutsideOfSelect extends PassingWire {
        private ByteBuf held;

        @Override
        public void received(ByteBuf bytes) {
            held = bytes.copy();
        }

        @Override
        public long flush() {
            if (held != null) {
                ByteBuf late = held;
                held = null;
                listener.received(late);
                late.release();
            }
            return super.flush();
        }
    }

    static final class DropsWhatIsUnreadWhenAWriteFails extends PassingWire {
        private Throwable failure;

        @Override
        public void writeFailed(Throwable cause) {
            failure = cause;
            super.writeFailed(cause);
            real.close();
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(failure == null ? cause : failure);
        }
    }

    static final class TellsAFailedWriteOnlyAsAClose extends PassingWire {
        @Override
        public void writeFailed(Throwable cause) {}
    }

    static final class TellsTheEndAfterAFailedWrite extends PassingWire {
        private boolean failed;

        @Override
        public void writeFailed(Throwable cause) {
            failed = true;
            super.writeFailed(cause);
        }

        @Override
        public void closed(Throwable cause) {
            if (failed) {
                super.inputEnded();
            }
            super.closed(cause);
        }
    }

    static final class TellsAnotherCauseAfterAFailedWrite extends PassingWire {
        private boolean failed;

        @Override
        public void writeFailed(Throwable cause) {
            failed = true;
            super.writeFailed(cause);
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(failed ? new IOException("no memory to read into") : cause);
        }
    }

    static final class LeaksADescriptor extends PassingWire {
        @Override
        public void connected() {
            try {
                LEAKED.add(Pipe.open());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            super.connected();
        }
    }

    static final class LeaksABuffer extends PassingWire {
        @Override
        public void connected() {
            SelectorFaults.LEAKED_BUFFERS.add(Unpooled.directBuffer(10));
            super.connected();
        }
    }
}
