package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** A session that calls its own connection, which it should not: nothing is corrupted, and each call takes effect or fails. */
class EncoderCallsTest {
    /** What the session does half-way through the message or the bytes {@code !}. */
    private Runnable deed = () -> {};

    private final Codec<String, String> calling = context -> new SessionTest.Plain() {
        @Override
        public @Nullable String decode(ByteBuf in, Context context) {
            if (in.getByte(in.readerIndex()) == '!') {
                ByteBuf out = context.out().buffer(100);
                out.writeByte('[');
                deed.run();
                out.writeByte(']');
            }
            return in.readString(1, StandardCharsets.US_ASCII);
        }

        @Override
        public void encode(String message, Outgoing out) {
            ByteBuf buffer = out.buffer(100);
            buffer.writeByte('<');
            if (message.equals("!")) {
                deed.run();
            }
            buffer.writeCharSequence(message, StandardCharsets.US_ASCII);
            ByteBuf payload =
                    Unpooled.copiedBuffer(".".repeat(3_000), StandardCharsets.US_ASCII); // so that a buffer is sealed
            out.pass(payload);
            out.buffer(1).writeByte('>');
        }

        @Override
        public void outputEnding(Outgoing out) {
            ByteBuf buffer = out.buffer(10);
            buffer.writeByte('{');
            if (byeToo) {
                deed.run();
            }
            buffer.writeByte('}');
        }
    };

    private boolean byeToo;

    private Rig<String, String> rig() throws IOException {
        var rig = new Rig<>(Pipeline.of(calling));
        rig.settle();
        return rig;
    }

    private static String framed(String... messages) {
        var all = new StringBuilder();
        for (String each : messages) {
            all.append('<').append(each).append(".".repeat(3_000)).append('>');
        }
        return all.toString();
    }

    @Test
    void close_takes_effect_after_the_message_and_refuses_what_is_written_later() throws IOException {
        try (var rig = rig()) {
            deed = rig.connection()::close;
            var later = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("before");
                assertThat(rig.connection().write("!").failure()).isNull();
                later[0] = rig.connection().write("later");
            });
            assertThat(later[0].failure()).hasMessageContaining("closed");
            rig.settle();
            assertThat(rig.sent()).isEqualTo(framed("before", "!") + "{}");
            assertThat(rig.wire.outputShut).isTrue();
            rig.inputEnds();
            rig.settle();
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.loop.nextTimer()).isEmpty();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void shutting_down_the_output_takes_effect_after_the_message() throws IOException {
        try (var rig = rig()) {
            deed = rig.connection()::shutdownOutput;
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("!");
                assertThat(rig.connection().write("later").failure()).hasMessageContaining("shut down");
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo(framed("!") + "{}");
            assertThat(rig.wire.outputShut).isTrue();
            rig.arrives("a");
            assertThat(received).containsExactly("a");
        }
    }

    @Test
    void abort_takes_effect_at_once_and_leaks_nothing() throws IOException {
        try (var rig = rig()) {
            deed = rig.connection()::abort;
            rig.onLoop(() -> rig.connection().write("!"));
            rig.settle();
            assertThat(rig.wire.aborted).isTrue();
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.link.stack().top().output.holdsBuffer()).isFalse();
        }
    }

    @Test
    void a_flush_waits_for_the_message() throws IOException {
        try (var rig = rig()) {
            var flushed = new ArrayList<Future<?>>();
            deed = () -> flushed.add(rig.connection().flush());
            rig.onLoop(() -> rig.connection().write("!"));
            assertThat(rig.sent()).isEmpty();
            rig.settle();
            assertThat(rig.sent()).isEqualTo(framed("!"));
            assertThat(flushed).singleElement().matches(Future::isDone);
        }
    }

    @Test
    void a_write_or_become_is_refused_and_that_fails_the_message_unless_the_session_catches_it() throws IOException {
        List<Runnable> deeds = new ArrayList<>();
        for (boolean caught : new boolean[] {false, true}) {
            for (int i = 0; i < 2; i++) {
                try (var rig = rig()) {
                    deeds.clear();
                    deeds.add(() -> rig.connection().write("within"));
                    deeds.add(() -> rig.connection().become(TextLines.pipeline()));
                    Runnable refused = deeds.get(i);
                    deed = () -> {
                        try {
                            refused.run();
                        } catch (IllegalStateException e) {
                            if (!caught) {
                                throw e;
                            }
                        }
                    };
                    rig.onLoop(() -> {
                        rig.connection().onFailure(failure -> {
                            rig.failures.add(failure.cause());
                            failure.carryOn();
                        });
                        rig.connection().write("before");
                        rig.connection().write("!");
                        rig.connection().write("after");
                    });
                    rig.settle();
                    assertThat(rig.sent())
                            .isEqualTo(caught ? framed("before", "!", "after") : framed("before", "after"));
                    assertThat(rig.failures).hasSize(caught ? 0 : 1);
                }
            }
        }
    }

    @Test
    void a_receive_within_an_encoder_decodes_later() throws IOException {
        try (var rig = rig()) {
            var received = new ArrayList<Future<String>>();
            rig.arrives("abc");
            deed = () -> received.add(rig.connection().receive());
            rig.onLoop(() -> {
                rig.connection().write("!");
                assertThat(received.getFirst().isDone()).isFalse();
            });
            rig.settle();
            assertThat(received.getFirst().result()).isEqualTo("a");
        }
    }

    @Test
    void the_same_holds_within_decode() throws IOException {
        record Case(Runnable deed, String sent, boolean fails) {}
        for (int i = 0; i < 5; i++) {
            try (var rig = rig()) {
                List<Case> cases = List.of(
                        new Case(rig.connection()::close, "[]{}", false),
                        new Case(rig.connection()::shutdownOutput, "[]{}", false),
                        new Case(rig.connection()::flush, "[]", false),
                        new Case(() -> rig.connection().write("within"), "[{}", true),
                        new Case(rig.connection()::abort, "", false));
                deed = cases.get(i).deed;
                rig.collect(rig.connection());
                rig.arrives("a!");
                rig.settle();
                assertThat(rig.sent()).as("deed %s", i).isEqualTo(cases.get(i).sent);
                assertThat(rig.failures).as("deed %s", i).hasSize(cases.get(i).fails ? 1 : 0);
                assertThat(rig.link.stack().top().output.holdsBuffer()).isFalse();
            }
        }
    }

    @Test
    void a_good_bye_that_calls_back_harms_nothing() throws IOException {
        byeToo = true;
        for (int i = 0; i < 4; i++) {
            try (var rig = rig()) {
                deed = List.<Runnable>of(
                                rig.connection()::close,
                                rig.connection()::abort,
                                rig.connection()::flush,
                                rig.connection()::shutdownOutput)
                        .get(i);
                rig.onLoop(() -> {
                    rig.connection().write("last");
                    rig.connection().close();
                });
                rig.settle();
                rig.inputEnds();
                rig.settle();
                assertThat(rig.connection().closed().isDone()).isTrue();
                assertThat(rig.sent()).isEqualTo(i == 1 ? "" : framed("last") + "{}");
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void a_byte_layer_that_calls_its_connection_while_it_encodes_harms_nothing() throws IOException {
        var rigs = new ArrayList<Rig<String, String>>();
        ByteLayer layer = context -> new Session<>() {
            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                return in.readSlice(in.readableBytes());
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                ByteBuf buffer = out.buffer(100);
                buffer.writeByte('(');
                rigs.getFirst().connection().close();
                rigs.getFirst().connection().flush();
                buffer.writeBytes(message, message.readerIndex(), message.readableBytes())
                        .writeByte(')');
            }
        };
        try (var rig = new Rig<>(TextLines.pipeline().over(layer))) {
            rigs.add(rig);
            rig.onLoop(() -> rig.connection().write("line"));
            rig.settle();
            rig.inputEnds();
            rig.settle();
            assertThat(rig.sent()).isEqualTo("(line\n)");
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }
}
