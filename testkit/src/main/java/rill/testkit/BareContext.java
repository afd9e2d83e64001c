package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import rill.Context;
import rill.Outgoing;

/**
 * A Context without a connection, for tests that call a session directly. Requests of the session are ignored, and whatever needs a connection throws
 * {@link UnsupportedOperationException}; override what the test is about. {@link CodecHarness} is a complete one.
 */
public class BareContext implements Context {
    private final Random random = new Random(1);
    private final SocketAddress peer = InetSocketAddress.createUnresolved("peer", 1);
    private final Map<Class<?>, Object> shared = new HashMap<>();

    /** Creates a context, which any number of sessions of a test may share. */
    public BareContext() {}

    private static UnsupportedOperationException needsAConnection() {
        return new UnsupportedOperationException("a session that asks for this is tested on a connection");
    }

    /** Returns the generator of this context, which has a fixed seed. */
    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public SocketAddress remoteAddress() {
        return peer;
    }

    @Override
    public SocketAddress target() {
        return remoteAddress();
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
        return type.cast(shared.computeIfAbsent(type, first -> maker.get()));
    }

    /** Returns a copy on the heap, always. */
    @Override
    public ByteBuf own(ByteBuf borrowed) {
        int size = borrowed.readableBytes();
        return Unpooled.buffer(size).writeBytes(borrowed, borrowed.readerIndex(), size);
    }

    /** Returns a buffer on the heap. */
    @Override
    public ByteBuf own(int atLeast) {
        return Unpooled.buffer(atLeast);
    }

    @Override
    public ByteBuf lend(int atLeast) {
        throw needsAConnection();
    }

    @Override
    public Outgoing out() {
        throw needsAConnection();
    }

    @Override
    public void needMore(int bytes) {}

    @Override
    public void again() {}

    @Override
    public void stop() {
        throw needsAConnection();
    }

    @Override
    public void startTimer(Duration after) {}

    @Override
    public void stopTimer() {}

    @Override
    public void runBlocking(Runnable work) {
        throw needsAConnection();
    }

    @Override
    public void holdWrites() {}

    @Override
    public void releaseWrites() {}

    @Override
    public void end() {}
}
