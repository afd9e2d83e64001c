package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import rill.testing.ScarceMemory;

/** A connection on a {@link FakeWire}, driven step by step by the test. */
final class Rig<R, W> implements AutoCloseable {
    final ScarceMemory memory = new ScarceMemory();
    final FakeTransport transport = new FakeTransport();
    final FakeWire wire = new FakeWire(transport);
    final List<Report> reports = new ArrayList<>();
    final List<Throwable> failures = new ArrayList<>(); // reported to onFailure, if a test installs it
    final Loop loop;
    final Link link;
    private Connection<R, W> opened;

    /** An action that runs on the loop. */
    interface Action {
        void run() throws Exception;
    }

    Rig(Pipeline<R, W> pipeline) throws IOException {
        this(pipeline, ConnectionLimits.defaults());
    }

    Rig(Pipeline<R, W> pipeline, ConnectionLimits limits) throws IOException {
        this(limits, link -> link.open(pipeline));
    }

    /** Puts whatever {@code opener} opens on top of the Link; the Connection is its result. */
    Rig(ConnectionLimits limits, Function<Link, Connection<R, W>> opener) throws IOException {
        transport.memory = memory;
        loop = Loop.open(LoopOptions.defaults()
                .transport(transport)
                .slowHandle(Duration.ZERO)
                .reporter(report -> {
                    if (!(report instanceof Report.Note)) {
                        reports.add(report);
                    }
                }));
        var self = new Link[1];
        link = new Link(loop, limits, failure -> opened = opener.apply(self[0]));
        self[0] = link;
        link.wire(wire);
        wire.listener = link;
        loop.links().expect();
        transport.events.add(link::connected);
        tick();
    }

    Connection<R, W> connection() {
        return opened;
    }

    /** Pushes messages to the returned list, and records failures. */
    <T> List<T> collect(Connection<T, ?> from) {
        var received = new ArrayList<T>();
        onLoop(() -> from.onMessage(received::add).onFailure(failure -> failures.add(failure.cause())));
        return received;
    }

    void tick() {
        loop.tick();
    }

    /** Ticks until nothing is left to do. */
    void settle() {
        for (int n = 0; loop.tick() || !transport.events.isEmpty(); n++) {
            assertThat(n)
                    .as("ticks that always leave something to do: the loop spins")
                    .isLessThan(1_000);
        }
    }

    void passes(Duration time) {
        transport.now += time.toNanos();
        settle();
    }

    void onLoop(Action action) {
        new OnLoop(loop, null).enter();
        try {
            action.run();
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            OnLoop.exit();
        }
    }

    /** Delivers these bytes in one turn of the wire, in as many reads as the buffers need. */
    void arrives(byte[] bytes) {
        transport.events.add(() -> {
            for (int at = 0; at < bytes.length; ) {
                ByteBuf target = link.readTarget();
                if (target == null) {
                    target = transport.receiveBuffer.get();
                }
                int part = Math.min(target.writableBytes(), bytes.length - at);
                target.writeBytes(bytes, at, part);
                at += part;
                link.received(target);
            }
        });
        tick();
    }

    void arrives(String text) {
        arrives(text.getBytes(StandardCharsets.UTF_8));
    }

    void inputEnds() {
        transport.events.add(link::inputEnded);
        tick();
    }

    String sent() {
        return new String(wire.sent(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        if (!loop.isClosed()) {
            onLoop(link::abort);
            settle();
        }
        loop.close(Duration.ZERO);
    }

    /** The sessions of its connection, from the bottom. */
    List<Stage> stages() {
        return IntStream.range(0, link.stack().size())
                .mapToObj(link.stack()::get)
                .toList();
    }
}
