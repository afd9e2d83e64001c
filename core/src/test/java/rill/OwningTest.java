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

/** What a layer or a framing gives to the top of a pipeline is owned, whatever call it comes from; all else of the session stays as it is. */
class OwningTest {
    /** Returns the same borrowed bytes from every call. */
    private static final class Lending implements Session<ByteBuf, ByteBuf> {
        private final ByteBuf bytes = Unpooled.copiedBuffer("lent", StandardCharsets.US_ASCII);
        private final List<String> called = new ArrayList<>();
        private boolean replaceable;

        @Override
        public ByteBuf opened(Context context) {
            return bytes;
        }

        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            return in;
        }

        @Override
        public ByteBuf inputEnded(ByteBuf rest, Context context) {
            return bytes;
        }

        @Override
        public ByteBuf timerExpired(Context context) {
            return bytes;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            called.add("encode");
        }

        @Override
        public void outputEnding(Outgoing out) {
            called.add("outputEnding");
        }

        @Override
        public @Nullable Object info() {
            return "info";
        }

        @Override
        public boolean replaceable() {
            return replaceable;
        }

        @Override
        public void closed() {
            called.add("closed");
        }
    }

    @Test
    void what_any_call_returns_is_owned() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.settle();
            Context context = rig.stages().getFirst();
            var lending = new Lending();
            var owning = new Owning(lending);
            ByteBuf in = Unpooled.copiedBuffer("in", StandardCharsets.US_ASCII);
            rig.onLoop(() -> {
                var owned = List.of(
                        owning.opened(context),
                        owning.decode(in, context),
                        owning.inputEnded(Unpooled.EMPTY_BUFFER, context),
                        owning.timerExpired(context));
                assertThat(owned)
                        .extracting(each -> each.toString(StandardCharsets.US_ASCII))
                        .containsExactly("lent", "in", "lent", "lent");
                assertThat(owned).allMatch(each -> each != lending.bytes && each != in && each.release());
            });
            assertThat(in.isReadable()).as("consumed").isFalse();
            assertThat(in.refCnt()).isOne();
            assertThat(lending.bytes.refCnt()).isOne();
        }
    }

    @Test
    void the_session_within_is_asked_and_told_as_if_it_were_alone() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.settle();
            var out = new OutputQueue(rig.loop.buffers());
            var lending = new Lending();
            var owning = new Owning(lending);
            owning.encode(Unpooled.EMPTY_BUFFER, out);
            owning.outputEnding(out);
            owning.closed();
            assertThat(lending.called).containsExactly("encode", "outputEnding", "closed");
            assertThat(owning.info()).isEqualTo("info");
            assertThat(owning.replaceable()).isFalse();
            lending.replaceable = true;
            assertThat(owning.replaceable()).isTrue();
        }
    }
}
