package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;

/** A context that passes everything on to another; override what is different. */
public class Within implements Context {
    private final Context context;

    /** Passes on to this context. */
    public Within(Context context) {
        this.context = context;
    }

    @Override
    public void stop() {
        context.stop();
    }

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
    public boolean isReading() {
        return context.isReading();
    }

    @Override
    public boolean isGoingAway() {
        return context.isGoingAway();
    }

    @Override
    public void startTimer(Duration after) {
        context.startTimer(after);
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
