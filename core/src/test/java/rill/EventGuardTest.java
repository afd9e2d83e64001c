package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.testing.IntFrames;

/** An exception or Error thrown in an event of a connection fails that connection alone. */
class EventGuardTest {
    private static final int FRAME = 300_000;

    private static byte[] frames() {
        ByteBuf all = Unpooled.buffer();
        for (int size : new int[] {10, FRAME, 10, 70_000}) {
            all.writeInt(size).writeZero(size);
        }
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    private static Pipeline<Integer, ByteBuf> sizes() {
        return Pipeline.of(new IntFrames(1 << 20)
                .map(
                        frame -> {
                            int size = frame.readableBytes();
                            frame.release();
                            return size;
                        },
                        frame -> frame));
    }

    /** Holds a conversation that allocates memory in every way in which reading does. Returns how many pieces were requested. */
    private static int converse(int refused) throws IOException {
        int asked;
        Rig<Integer, ByteBuf> rig = new Rig<>(sizes());
        try (rig) {
            List<Integer> received = rig.collect(rig.connection());
            int before = rig.memory.asked();
            rig.memory.refuse(refused);
            byte[] bytes = frames();
            for (int at = 0; at < bytes.length; at += 40_000) {
                int from = at;
                rig.transport.events.add(() -> read(rig, bytes, from, Math.min(bytes.length, from + 40_000)));
                rig.settle();
            }
            asked = rig.memory.asked() - before;
            assertThat(rig.loop.isClosed()).isFalse();
            if (rig.failures.isEmpty()) {
                assertThat(received).containsExactly(10, FRAME, 10, 70_000);
            } else {
                assertThat(rig.failures)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                IOException.class,
                                failure -> assertThat(failure).hasMessageContaining("no memory"));
            }
            rig.memory.refuseNone();
            anotherConverses(rig);
        }
        assertThat(rig.memory.bytesOut()).as("memory that has not come back").isZero();
        assertThat(rig.reports).isEmpty();
        return asked;
    }

    /** Reads as a wire does that fails alone when it has no memory to read into. */
    private static void read(Rig<?, ?> rig, byte[] bytes, int from, int to) {
        for (int at = from; at < to && !rig.wire.closed; ) {
            ByteBuf target = rig.link.readTarget();
            if (target == null) {
                try {
                    target = rig.transport.receiveBuffer.get();
                } catch (NoMemory e) {
                    rig.wire.end(NoMemory.unwrapped(e));
                    return;
                }
            }
            int part = Math.min(target.writableBytes(), to - at);
            target.writeBytes(bytes, at, part);
            at += part;
            rig.link.received(target);
        }
    }

    /** The loop continues, and so does every other connection on it. */
    private static void anotherConverses(Rig<?, ?> rig) throws IOException {
        var wire = new FakeWire(rig.transport);
        var received = new ArrayList<Integer>();
        var self = new Link[1];
        var link = new Link(
                rig.loop,
                ConnectionLimits.defaults(),
                failure -> self[0].open(sizes()).onMessage(received::add));
        self[0] = link;
        link.wire(wire);
        wire.listener = link;
        rig.loop.links().expect();
        rig.transport.events.add(link::connected);
        rig.transport.events.add(() ->
                link.received(rig.transport.receiveBuffer.get().writeInt(3).writeZero(3)));
        rig.settle();
        assertThat(received).containsExactly(3);
        rig.onLoop(link::abort);
        rig.settle();
        assertThat(link.audience().closed().isDone()).isTrue();
    }

    @Test
    void a_piece_of_memory_that_is_refused_while_reading_costs_the_connection_that_wanted_it() throws IOException {
        int pieces = converse(Integer.MAX_VALUE - 1_000_000);
        assertThat(pieces).as("pieces that the conversation takes").isGreaterThan(3);
        for (int refused = 1; refused <= pieces; refused++) {
            converse(refused);
        }
    }

    /** Passes up what it has received in a buffer that was lent to it, as a layer that decrypts does. */
    private static final ByteLayer LENDING = context -> new Session<>() {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context lender) {
            int size = Math.min(in.readableBytes(), 16 * 1024);
            return size == 0 ? null : lender.lend(size).writeBytes(in, size);
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.buffer(message.readableBytes()).writeBytes(message);
        }
    };

    /** Holds a conversation over such a layer with so many pieces of memory. Returns whether they were enough. */
    private static boolean conversesOver(int given) throws IOException {
        Rig<Integer, ByteBuf> rig = new Rig<>(sizes().over(LENDING));
        boolean enough;
        try (rig) {
            List<Integer> received = rig.collect(rig.connection());
            rig.memory.refuseFrom(given + 1);
            byte[] bytes = frames();
            for (int at = 0; at < bytes.length; at += 40_000) {
                int from = at;
                rig.transport.events.add(() -> read(rig, bytes, from, Math.min(bytes.length, from + 40_000)));
                rig.settle();
            }
            rig.memory.refuseNone();
            enough = rig.failures.isEmpty();
            if (enough) {
                assertThat(received).containsExactly(10, FRAME, 10, 70_000);
            }
        }
        assertThat(rig.memory.bytesOut())
                .as("memory that has not come back, after %d pieces", given)
                .isZero();
        return enough;
    }

    @Test
    void what_was_lent_to_a_layer_comes_back_if_there_is_no_memory_above_it() throws IOException {
        int given = 0;
        while (!conversesOver(given)) {
            given++;
        }
        assertThat(given).isGreaterThan(2);
    }

    @Test
    void an_error_in_a_session_or_a_handler_costs_its_connection() throws IOException {
        Error error = new StackOverflowError("on purpose");
        Codec<String, String> throwing = Codec.of(
                (in, context) -> {
                    throw error;
                },
                (message, out) -> {
                    throw error;
                });
        try (var rig = new Rig<>(Pipeline.of(throwing))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            rig.settle();
            assertThat(rig.failures).containsExactly(error);
            assertThat(rig.loop.isClosed()).isFalse();
        }
        try (var rig = new Rig<>(Pipeline.of(throwing))) {
            rig.collect(rig.connection());
            rig.onLoop(() -> rig.connection().write("x"));
            rig.settle();
            assertThat(rig.failures).containsExactly(error);
            assertThat(rig.loop.isClosed()).isFalse();
        }
    }

    /** An Error thrown by a call to a wire. */
    @Test
    void a_wire_that_throws_an_error_costs_its_connection() throws IOException {
        try (var rig = new Rig<>(sizes())) {
            rig.collect(rig.connection());
            rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer(new byte[10])));
            rig.wire.flushError = new OutOfMemoryError("on purpose");
            rig.tick();
            rig.wire.flushError = null;
            rig.settle();
            assertThat(rig.failures).singleElement().isInstanceOf(OutOfMemoryError.class);
            assertThat(rig.loop.isClosed()).isFalse();
        }
    }

    /** What has bytes passed to the wire outside of a flush. */
    private enum Passes {
        A_FAILURE,
        CLOSE,
        SHUTDOWN,
        BECOME
    }

    @ParameterizedTest
    @EnumSource
    void a_connection_whose_wire_throws_as_its_last_bytes_are_passed_to_it_ends_nevertheless(Passes how)
            throws IOException {
        try (var rig = new Rig<>(sizes())) {
            rig.collect(rig.connection());
            Future<?> closed = rig.connection().closed();
            Error error = new OutOfMemoryError("on purpose");
            rig.transport.events.add(() -> {
                rig.transport.events.clear();
                rig.connection().write(Unpooled.copiedBuffer(new byte[10]));
                rig.wire.writeError = error;
                switch (how) {
                    case A_FAILURE ->
                        rig.link.received(rig.transport.receiveBuffer.get().writeInt(-1));
                    case CLOSE -> rig.connection().close();
                    case SHUTDOWN -> rig.connection().shutdownOutput();
                    case BECOME -> rig.connection().become(sizes());
                }
            });
            rig.settle();
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.sent()).isEmpty();
            assertThat(closed.isDone()).isTrue();
            assertThat(rig.loop.isClosed()).isFalse();
            List<Throwable> told = new ArrayList<>(rig.failures);
            rig.failures.forEach(each -> told.addAll(List.of(each.getSuppressed())));
            rig.reports.forEach(each -> told.add(each.cause()));
            assertThat(told).contains(error);
            rig.reports.clear();
        }
    }

    @Test
    void a_timer_of_a_session_that_throws_costs_its_connection() throws IOException {
        Codec<String, String> throwing = context -> new SessionTest.Plain() {
            @Override
            public @Nullable String opened(Context context) {
                context.startTimer(Duration.ofSeconds(1));
                return null;
            }

            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                return null;
            }

            @Override
            public @Nullable String timerExpired(Context context) {
                throw new StackOverflowError("on purpose");
            }
        };
        try (var rig = new Rig<>(Pipeline.of(throwing))) {
            rig.collect(rig.connection());
            rig.passes(Duration.ofSeconds(1));
            assertThat(rig.failures).singleElement().isInstanceOf(StackOverflowError.class);
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_bound_of_idle_time_that_gives_way_takes_no_bound_of_others_with_it() throws IOException {
        int gaveWay = 0;
        for (int readings = 0; readings < 3; readings++) {
            try (var rig = new Rig<>(sizes())) {
                rig.collect(rig.connection());
                rig.onLoop(() -> rig.loop.links().boundIdleTime(rig.link, Duration.ofMinutes(10)));
                var other = new Link(rig.loop, ConnectionLimits.defaults(), failure -> {});
                rig.transport.readingsLeft = readings;
                try {
                    rig.onLoop(() -> rig.loop.links().boundIdleTime(other, Duration.ofMinutes(1)));
                } catch (StackOverflowError thrown) {
                    gaveWay++;
                }
                rig.transport.readingsLeft = Integer.MAX_VALUE;
                for (int i = 0; i < 40; i++) {
                    rig.passes(Duration.ofMinutes(1));
                }
                assertThat(rig.failures).singleElement().isInstanceOf(DeadlineException.class);
            }
        }
        assertThat(gaveWay).isPositive();
    }

    /** A session that fails at the named place. */
    private static Pipeline<String, String> failingAt(String place) {
        Codec<String, String> codec = context -> new SessionTest.Plain() {
            private void at(String where) throws ProtocolException {
                if (where.equals(place)) {
                    throw new ProtocolException("on purpose, in " + where);
                }
            }

            @Override
            public @Nullable String opened(Context context) throws IOException {
                context.startTimer(Duration.ofSeconds(1));
                return null;
            }

            @Override
            public @Nullable String decode(ByteBuf in, Context context) throws IOException {
                in.skipBytes(in.readableBytes());
                at("decode");
                return null;
            }

            @Override
            public @Nullable String timerExpired(Context context) throws IOException {
                at("timerExpired");
                return null;
            }

            @Override
            public @Nullable String inputEnded(ByteBuf rest, Context context) throws IOException {
                at("inputEnded");
                return null;
            }
        };
        return Pipeline.of(codec);
    }

    @Test
    void who_is_told_that_a_session_has_failed_may_answer_that() throws IOException {
        for (String place : List.of("decode", "timerExpired", "inputEnded")) {
            try (var rig = new Rig<>(failingAt(place))) {
                rig.onLoop(() -> rig.connection()
                        .onMessage(message -> {})
                        .onFailure(failure -> rig.connection()
                                .write("sorry: " + failure.cause().getMessage())));
                switch (place) {
                    case "decode" -> rig.arrives("x");
                    case "timerExpired" -> rig.passes(Duration.ofSeconds(1));
                    default -> rig.inputEnds();
                }
                rig.settle();
                assertThat(rig.sent()).startsWith("sorry: on purpose, in " + place);
                assertThat(rig.wire.outputShut || rig.wire.closed).isTrue();
                assertThat(rig.reports).isEmpty();
            }
        }
    }
}
