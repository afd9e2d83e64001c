package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Faults of a Wire that waits to write, or that ends. */
final class BlockedFaults {
    private BlockedFaults() {}

    /** An accepted socket that blocks. */
    static final class BlocksUntilAllHasLeft extends PassingWire {
        private long left = 64 * 1024;

        @Override
        public void write(ByteBuf buffer) {
            left -= buffer.readableBytes();
            super.write(buffer);
        }

        @Override
        public long flush() {
            long n = super.flush();
            while (left < 0 && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(1_000_000);
            }
            return n;
        }
    }

    static final class NeverHearsOfRoom extends PassingWire {
        @Override
        public void written(long bytes) {}
    }

    static final class BuffersWithoutBound extends PassingWire {
        private long untold;

        @Override
        public void write(ByteBuf buffer) {
            untold += buffer.readableBytes();
            super.write(buffer.copy());
            buffer.release();
        }

        @Override
        public long flush() {
            super.flush();
            long n = untold;
            untold = 0;
            return n;
        }

        @Override
        public void written(long bytes) {}
    }

    static final class SaysNothingWhilePaused extends PassingWire {
        private boolean paused;
        private Throwable untold;

        @Override
        public void pauseReads() {
            paused = true;
            super.pauseReads();
        }

        @Override
        public void resumeReads() {
            paused = false;
            super.resumeReads();
            if (untold != null) {
                selector.later.add(() -> super.writeFailed(untold));
            }
        }

        @Override
        public void writeFailed(Throwable cause) {
            if (paused) {
                untold = cause;
            } else {
                super.writeFailed(cause);
            }
        }
    }

    static final class DoesNotNoticeThatThePeerIsGone extends PassingWire {
        private boolean wrote;

        @Override
        public void write(ByteBuf buffer) {
            wrote = true;
            super.write(buffer);
        }

        @Override
        public void writeFailed(Throwable cause) {}

        @Override
        public void closed(Throwable cause) {
            if (cause == null || !wrote) {
                super.closed(cause);
            }
        }
    }

    static final class HearsOfRoomOnlyWhileItReads extends KnowsPauses {
        @Override
        public void written(long bytes) {
            if (!paused) {
                super.written(bytes);
            }
        }
    }

    static final class HearsOfNoRoomAfterTheEnd extends PassingWire {
        private boolean ended;

        @Override
        public void inputEnded() {
            ended = true;
            super.inputEnded();
        }

        @Override
        public void written(long bytes) {
            if (!ended) {
                super.written(bytes);
            }
        }
    }

    static final class ReadsNothingWhileItWrites extends PassingWire {
        private long outstanding;

        @Override
        public void write(ByteBuf buffer) {
            outstanding += buffer.readableBytes();
            real.pauseReads();
            super.write(buffer);
        }

        @Override
        public void written(long bytes) {
            outstanding -= bytes;
            if (outstanding == 0) {
                real.resumeReads();
            }
            super.written(bytes);
        }
    }

    static final class TellsTheEndAgain extends PassingWire {
        private boolean ended;

        @Override
        public void inputEnded() {
            ended = true;
            super.inputEnded();
        }

        @Override
        public void resumeReads() {
            super.resumeReads();
            if (ended) {
                selector.later.add(super::inputEnded);
            }
        }
    }

    static final class ClosesInGoodOrderWithInputUnread extends PassingWire {
        private int selects = 10;

        @Override
        public void close() {
            real.shutdownOutput();
            selector.later.add(this::closeInTime);
        }

        private void closeInTime() {
            if (selects-- > 0) {
                selector.later.add(this::closeInTime);
            } else {
                real.close();
            }
        }
    }

    static final class TellsAnEndBeforeAReset extends PassingWire {
        @Override
        public void closed(Throwable cause) {
            if (cause != null && String.valueOf(cause.getMessage()).startsWith("read from")) {
                super.inputEnded();
            }
            super.closed(cause);
        }
    }

    static final class TakesWritesAfterOneHasFailed extends PassingWire {
        private boolean failed;
        private final List<ByteBuf> kept = new ArrayList<>();

        @Override
        public void writeFailed(Throwable cause) {
            failed = true;
            super.writeFailed(cause);
        }

        @Override
        public void write(ByteBuf buffer) {
            if (failed) {
                kept.add(buffer);
            } else {
                super.write(buffer);
            }
        }

        @Override
        public void closed(Throwable cause) {
            kept.forEach(ByteBuf::release);
            super.closed(cause);
        }
    }

    static final class TellsTheCauseToWhoHasClosed extends PassingWire {
        private boolean connected;

        @Override
        public void connected() {
            connected = true;
            super.connected();
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(cause != null || connected ? cause : new IOException("connect to " + remoteAddress()));
        }
    }

    static final class InsistsOnATarget extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf target = readTarget();
            if (target == null || target.isWritable()) {
                super.received(bytes);
            }
        }
    }

    static final class ReleasesBeforeItIsWritten extends PassingWire {
        private final List<ByteBuf> given = new ArrayList<>();

        @Override
        public void write(ByteBuf buffer) {
            given.add(buffer);
            super.write(Unpooled.wrappedBuffer(buffer.nioBuffer()));
        }

        @Override
        public long flush() {
            given.forEach(ByteBuf::release);
            given.clear();
            return super.flush();
        }

        @Override
        public void shutdownOutput() {
            flush();
            super.shutdownOutput();
        }
    }

    static final class LosesWhatComesWhilePaused extends PassingWire {
        private boolean paused;

        @Override
        public void pauseReads() {
            paused = true; // and drops what arrives
        }

        @Override
        public void received(ByteBuf bytes) {
            if (!paused) {
                super.received(bytes);
            }
        }

        @Override
        public void inputEnded() {
            if (paused) {
                selector.later.add(this::inputEnded);
            } else {
                super.inputEnded();
            }
        }

        @Override
        public void resumeReads() {
            paused = false;
        }
    }
}
