package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.TextLines;

/** Nothing is left of a message whose encoding fails after a part of it was written, whatever that part was. */
class EncodeFailureTest {
    private final List<ByteBuf> passed = new ArrayList<>();

    /** Lines; for one that begins with {@code bad}, much is written in every possible way before it fails. */
    private final class Spilling extends SessionTest.Plain {
        private final Random random;
        private final boolean withAnError;

        Spilling(Random random, boolean withAnError) {
            this.random = random;
            this.withAnError = withAnError;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) {
            int length = in.bytesBefore((byte) '\n');
            if (length < 0) {
                return null;
            }
            String line = in.readString(length, StandardCharsets.US_ASCII);
            in.skipBytes(1);
            return line;
        }

        @Override
        public void encode(String message, Outgoing out) {
            if (!message.startsWith("bad")) {
                out.buffer(message.length() + 1).writeCharSequence(message + "\n", StandardCharsets.US_ASCII);
                return;
            }
            for (int parts = random.nextInt(6); parts >= 0; parts--) {
                int size = 1 + random.nextInt(random.nextBoolean() ? 10 : 20_000);
                if (random.nextBoolean()) {
                    out.buffer(random.nextInt(size + 1))
                            .writeBytes("z".repeat(size).getBytes(StandardCharsets.US_ASCII));
                } else {
                    ByteBuf payload = Unpooled.directBuffer(size)
                            .writeBytes("z".repeat(size).getBytes(StandardCharsets.US_ASCII));
                    passed.add(payload);
                    out.pass(payload);
                }
            }
            if (withAnError) {
                throw new AssertionError(message);
            }
            throw new IllegalArgumentException(message);
        }
    }

    @Test
    void it_is_undone_whatever_was_written_of_it_and_the_owner_may_carry_on() throws IOException {
        for (long seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            boolean withAnError = random.nextBoolean();
            try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Spilling(random, withAnError)))) {
                var expected = new StringBuilder();
                rig.onLoop(() -> {
                    rig.connection().onFailure(failure -> {
                        rig.failures.add(failure.cause());
                        failure.carryOn();
                    });
                    for (int i = 0; i < 30; i++) {
                        if (random.nextInt(3) == 0) {
                            rig.connection().write("bad " + i);
                        } else {
                            String line = i + "x".repeat(random.nextInt(4) == 0 ? random.nextInt(9_000) : 3);
                            expected.append(line).append('\n');
                            rig.connection().write(line);
                        }
                        if (random.nextInt(8) == 0) {
                            rig.connection().flush();
                        }
                    }
                });
                rig.settle();
                assertThat(rig.sent()).as("seed %s", seed).isEqualTo(expected.toString());
                assertThat(passed).as("seed %s", seed).allMatch(each -> each.refCnt() == 0);
                assertThat(rig.link.outbound().pending()).as("seed %s", seed).isZero();
                assertThat(rig.link.stack().top().output.holdsBuffer())
                        .as("seed %s", seed)
                        .isFalse();
                passed.clear();
            }
        }
    }

    @Test
    void a_call_that_can_not_be_encoded_fails_alone_however_much_of_it_was_written() throws IOException {
        var client = new ArrayList<Client<String, String>>();
        Codec<String, String> spilling = context -> new Spilling(new Random(7), false);
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            ClientProtocol<String, String> protocol = ClientProtocol.inOrder(Pipeline.of(spilling));
            link.open(protocol.pipeline);
            client.add(new Client<>(link, protocol));
            link.receiver(client.getFirst().receiver());
            return null;
        })) {
            var calls = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                for (String call : List.of("one", "bad", "two", "bad as well", "three")) {
                    calls.add(client.getFirst().call(call, Duration.ofHours(1)));
                }
            });
            rig.arrives("1\n2\n3\n");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("one\ntwo\nthree\n");
            assertThat(calls.get(0).result()).isEqualTo("1");
            assertThat(calls.get(2).result()).isEqualTo("2");
            assertThat(calls.get(4).result()).isEqualTo("3");
            assertThat(calls.get(1).failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(calls.get(3).failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(passed).isNotEmpty().allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void an_answer_that_can_not_be_encoded_fails_the_connection_since_the_next_would_be_taken_for_it()
            throws IOException {
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            Responder.open(
                    link,
                    TextLines.pipeline(),
                    ListenOptions.defaults(),
                    question -> Future.of(question.equals("bad") ? "two\nlines" : question));
            link.audience().onFailure(failure -> {
                if (failure.survivable()) {
                    failure.carryOn();
                }
            });
            return null;
        })) {
            rig.arrives("one\nbad\nthree\n");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("one\n");
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    /** Makes 20,000 bytes of each piece, and none of one that begins with an exclamation mark. */
    private static final ByteLayer FUSSY = context -> new Session<>() {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            return in.readSlice(in.readableBytes());
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.buffer(20_000).writeZero(20_000);
            if (message.getByte(message.readerIndex()) == '!') {
                throw new IllegalArgumentException("not this piece");
            }
        }

        @Override
        public void outputEnding(Outgoing out) {
            out.buffer(3).writeCharSequence("bye", StandardCharsets.US_ASCII);
        }
    };

    private static ByteBuf piece(String begin) {
        return Unpooled.copiedBuffer(begin + "x".repeat(5_000), StandardCharsets.US_ASCII);
    }

    /** One that is told, and writes: so many messages, so that perhaps they are flushed at once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void who_is_told_that_a_byte_layer_could_not_encode_can_not_write_behind_the_gap(int messages) throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes().over(FUSSY))) {
            var late = new ArrayList<ByteBuf>();
            var refused = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> {
                    rig.failures.add(failure.cause());
                    for (int i = 0; i < messages; i++) {
                        late.add(piece("late"));
                        refused.add(rig.connection().write(late.getLast()));
                    }
                });
                rig.connection().write(piece("a"));
                rig.connection().write(piece("!"));
            });
            rig.settle();
            assertThat(rig.wire.sent()).hasSize(20_000);
            assertThat(rig.failures).singleElement().asString().contains("not this piece");
            assertThat(refused)
                    .hasSize(messages)
                    .allSatisfy(each -> assertThat(each.failure()).hasMessage("not this piece"));
            assertThat(late).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void of_a_closing_message_that_fails_half_way_nothing_is_sent() throws IOException {
        Codec<String, String> codec = context -> new SessionTest.Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                return null;
            }

            @Override
            public void encode(String message, Outgoing out) {
                out.buffer(message.length()).writeCharSequence(message, StandardCharsets.US_ASCII);
            }

            @Override
            public void outputEnding(Outgoing out) {
                out.buffer(3).writeCharSequence("bye", StandardCharsets.US_ASCII);
                throw new IllegalStateException("on purpose");
            }
        };
        try (var rig = new Rig<>(Pipeline.of(codec))) {
            rig.onLoop(() -> {
                rig.connection().write("whole");
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("whole");
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.reports).singleElement().isInstanceOf(Report.Thrown.class);
            rig.reports.clear();
        }
    }

    @Test
    void what_follows_a_piece_that_a_byte_layer_could_not_encode_never_leaves_nor_does_a_good_bye() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes().over(FUSSY))) {
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                for (String piece : List.of("a", "!", "b")) {
                    rig.connection().write(piece(piece));
                }
            });
            rig.settle();
            assertThat(rig.wire.sent()).hasSize(20_000);
            assertThat(rig.failures).singleElement().asString().contains("not this piece");
            assertThat(rig.wire.outputShut).isTrue();
        }
    }
}
