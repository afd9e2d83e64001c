package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A wire to nowhere: records each flush that has something to write, and takes as many bytes as the test says. */
final class FakeWire implements Wire {
    private final FakeTransport transport;
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>();
    private final ByteBuf sent = Unpooled.buffer();

    @Nullable
    WireListener listener;

    final List<Integer> flushes = new ArrayList<>(); // how many bytes each took
    final List<ByteBuf> taken = new ArrayList<>(); // the buffers as they were handed over
    int space = Integer.MAX_VALUE; // what the kernel would take
    int unreported; // … and this many more on a retry
    long unacknowledged = UNKNOWN;

    @Nullable
    RuntimeException flushFailure; // a mistake of the transport

    @Nullable
    Error flushError; // as if memory were exhausted

    @Nullable
    Error writeError; // likewise, in the next write alone

    Runnable addressAsked = () -> {}; // what happens then

    boolean paused;
    boolean outputShut;
    boolean aborted;
    boolean closed;
    private boolean writesFail;

    FakeWire(FakeTransport transport) {
        this.transport = transport;
    }

    /** From now on the question for an address fails within these methods, in the form {@code Class.method}, as if memory were exhausted there. */
    void knowsNoAddressWithin(String... methods) {
        Set<String> where = Set.of(methods);
        addressAsked = () -> {
            if (StackWalker.getInstance()
                    .walk(frames -> frames.filter(frame -> frame.getClassName().startsWith("rill."))
                            .anyMatch(frame ->
                                    where.contains(frame.getClassName().substring(5) + "." + frame.getMethodName())))) {
                throw new StackOverflowError("on purpose");
            }
        };
    }

    /** Returns and clears the bytes that have left. */
    byte[] sent() {
        byte[] bytes = new byte[sent.readableBytes()];
        sent.readBytes(bytes).clear();
        return bytes;
    }

    @Override
    public void write(ByteBuf buffer) {
        Error thrown = writeError;
        if (thrown != null) {
            writeError = null;
            buffer.release();
            throw thrown;
        }
        if (closed || writesFail || outputShut) {
            buffer.release();
        } else {
            taken.add(buffer);
            queue.add(buffer);
        }
    }

    @Override
    public long flush() {
        if (flushError != null) {
            throw flushError;
        }
        if (flushFailure != null) {
            throw flushFailure;
        }
        int n = 0;
        while (!queue.isEmpty() && space > 0) {
            ByteBuf first = queue.getFirst();
            int part = Math.min(space, first.readableBytes());
            sent.writeBytes(first, part);
            space -= part;
            n += part;
            if (!first.isReadable()) {
                queue.removeFirst().release();
            }
        }
        if (n > 0) {
            flushes.add(n);
        }
        return n;
    }

    @Override
    public long retry() {
        space += unreported;
        unreported = 0;
        return flush();
    }

    @Override
    public long unacknowledged() {
        return unacknowledged;
    }

    @Override
    public void pauseReads() {
        paused = true;
    }

    @Override
    public void resumeReads() {
        paused = false;
    }

    @Override
    public void shutdownOutput() {
        flush();
        outputShut = true;
    }

    @Override
    public void close() {
        end(null);
    }

    @Override
    public void abort() {
        aborted = true;
        end(null);
    }

    /** Makes a write fail: nothing leaves any more. Whether there is still something to read is up to the test. */
    void failWrites(Throwable cause) {
        writesFail = true;
        queue.forEach(ByteBuf::release);
        queue.clear();
        transport.events.add(() -> {
            if (!closed) {
                listener.writeFailed(cause);
            }
        });
    }

    /** The connection breaks, or is closed. */
    void end(@Nullable Throwable cause) {
        if (!closed) {
            closed = true;
            queue.forEach(ByteBuf::release);
            queue.clear();
            transport.events.add(() -> listener.closed(cause));
        }
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) {
        throw new IllegalArgumentException("no options");
    }

    @Override
    public <T> T get(SocketOption<T> option) {
        throw new IllegalArgumentException("no options");
    }

    @Override
    public SocketAddress localAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public SocketAddress remoteAddress() {
        addressAsked.run();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
    }
}
