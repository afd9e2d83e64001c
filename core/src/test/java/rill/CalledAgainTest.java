package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A session that has more than one message to return asks to be called again. */
class CalledAgainTest {
    /** Takes all bytes at once and returns them one by one; at the end {@code 1} and {@code 2}, and {@code t} and {@code u} after a second. */
    private static final class Hoarding extends SessionTest.Plain {
        private final ArrayDeque<String> has = new ArrayDeque<>();
        private boolean inputEnded;

        @Override
        public @Nullable String opened(Context context) {
            has.add("o");
            has.add("p");
            context.startTimer(Duration.ofSeconds(1));
            context.again();
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) {
            while (in.isReadable()) {
                has.add(String.valueOf((char) in.readByte()));
            }
            String first = has.poll();
            if (!has.isEmpty()) {
                context.again();
            } else if (inputEnded) {
                context.end();
            }
            return first;
        }

        @Override
        public @Nullable String timerExpired(Context context) {
            has.add("t");
            has.add("u");
            context.again();
            return null;
        }

        @Override
        public @Nullable String inputEnded(ByteBuf rest, Context context) {
            inputEnded = true;
            has.add("1");
            has.add("2");
            context.again();
            return null;
        }
    }

    @Test
    void whatever_the_call_it_gives_all_that_it_has() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(context -> new Hoarding()))) {
            List<String> received = new ArrayList<>();
            rig.onLoop(() -> rig.connection().onMessage(received::add, () -> received.add("<end>")));
            rig.settle();
            rig.arrives("abc");
            rig.passes(Duration.ofSeconds(1));
            rig.inputEnds();
            rig.settle();
            assertThat(received).containsExactly("o", "p", "a", "b", "c", "t", "u", "1", "2", "<end>");
        }
    }

    @Test
    void it_is_called_only_when_another_message_is_wanted() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(context -> new Hoarding()))) {
            List<Future<String>> received = new ArrayList<>();
            rig.arrives("ab");
            rig.inputEnds();
            rig.settle();
            for (int i = 0; i < 7; i++) {
                rig.onLoop(() -> received.add(rig.connection().receive()));
                rig.settle();
            }
            assertThat(received.stream().map(Future::result)).containsExactly("o", "p", "a", "b", "1", "2", null);
        }
    }

    @Test
    void a_session_may_start_a_timer_while_it_encodes_but_not_ask_to_be_called_again() throws IOException {
        var refused = new ArrayList<Throwable>();
        var expired = new ArrayList<String>();
        Codec<String, String> codec = opened -> new SessionTest.Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                return null;
            }

            @Override
            public void encode(String message, Outgoing out) {
                super.encode(message, out);
                opened.startTimer(Duration.ofSeconds(1));
                assertThatThrownBy(opened::again)
                        .isInstanceOf(IllegalStateException.class)
                        .satisfies(refused::add);
            }

            @Override
            public @Nullable String timerExpired(Context context) {
                expired.add("expired");
                return null;
            }
        };
        var kept = new Context[1];
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> {
            kept[0] = context;
            return codec.open(context);
        }))) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("x");
                assertThatThrownBy(() -> kept[0].out()).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> kept[0].holdWrites()).isInstanceOf(IllegalStateException.class);
            });
            rig.passes(Duration.ofSeconds(1));
            assertThat(refused).hasSize(1);
            assertThat(expired).hasSize(1);
        }
    }
}
