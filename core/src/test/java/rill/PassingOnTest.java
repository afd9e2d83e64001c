package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** Bytes that a layer does not change go up and down without a copy, and none are lost or seen twice. */
class PassingOnTest {
    /** Skips a header of this many bytes, then passes everything on unchanged. */
    private record Transparent(int header, List<ByteBuf> seen) implements ByteLayer {
        Transparent() {
            this(0, new ArrayList<>());
        }

        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                private int toSkip = header;

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    int skipped = Math.min(toSkip, in.readableBytes());
                    in.skipBytes(skipped);
                    toSkip -= skipped;
                    if (in.isReadable()) {
                        seen.add(in);
                        return in;
                    }
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    out.pass(message.retainedSlice());
                }
            };
        }
    }

    @Test
    void layers_pass_the_receive_buffer_itself_up_and_an_unfinished_rest_is_kept_above_them() throws IOException {
        var lower = new Transparent();
        var upper = new Transparent();
        try (var rig = new Rig<>(TextLines.pipeline().over(upper).over(lower))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("one\ntwo\nthr");
            rig.arrives("ee\n");
            rig.arrives("four\n");
            assertThat(received).containsExactly("one", "two", "three", "four");
            assertThat(upper.seen).hasSize(3).containsOnly(rig.transport.receiveBuffer.get());
            for (Stage stage : rig.stages()) {
                assertThat(stage.rest).as("what %s keeps", stage).isNull();
            }
        }
    }

    @Test
    void what_a_layer_has_consumed_itself_does_not_go_up() throws IOException {
        for (int split = 1; split < 12; split++) {
            var header = new Transparent(7, new ArrayList<>());
            try (var rig = new Rig<>(TextLines.pipeline().over(header))) {
                List<String> received = rig.collect(rig.connection());
                String all = "header:one\ntwo\n";
                rig.arrives(all.substring(0, split));
                rig.arrives(all.substring(split));
                assertThat(received).as("split at %d", split).containsExactly("one", "two");
            }
        }
    }

    @Test
    void a_violation_above_is_told_at_its_place_in_the_stream_of_its_own_layer() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new Transparent()))) {
            rig.collect(rig.connection());
            rig.arrives("fine\nn\0t\n");
            assertThat(rig.failures)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            ProtocolException.class, e -> assertThat(e.offset()).isEqualTo(6));
        }
    }

    @Test
    void bytes_wait_above_while_nobody_receives_and_come_once() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new Transparent()))) {
            rig.arrives("one\ntwo\n");
            List<String> received = rig.collect(rig.connection());
            rig.settle();
            assertThat(received).containsExactly("one", "two");
        }
    }

    @Test
    void become_above_a_shared_layer_goes_on_with_the_bytes_that_are_left() throws IOException {
        var shared = new Transparent();
        try (var rig = new Rig<>(TextLines.pipeline().over(shared))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(line -> {
                received.add(line);
                Connection<ByteBuf, ByteBuf> raw =
                        rig.connection().become(Pipeline.bytes().over(shared));
                raw.onMessage(bytes -> {
                    received.add("raw " + bytes.toString(StandardCharsets.UTF_8));
                    bytes.release();
                });
            }));
            rig.arrives("go\nthe rest\n");
            rig.settle();
            assertThat(received).containsExactly("go", "raw the rest\n");
        }
    }

    @Test
    void a_mapping_may_give_the_buffer_that_it_was_given() throws IOException {
        var counted = new ArrayList<Integer>();
        ByteLayer metered = context -> new Transparent()
                .map(
                        (ByteBuf bytes) -> {
                            counted.add(bytes.readableBytes());
                            return bytes;
                        },
                        (ByteBuf bytes) -> bytes)
                .open(context);
        try (var rig = new Rig<>(TextLines.pipeline().over(metered))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("one\ntw");
            rig.arrives("o\n");
            assertThat(received).containsExactly("one", "two");
            assertThat(counted).containsExactly(6, 2);
        }
    }

    @Test
    void what_is_left_of_a_header_goes_up_from_where_it_was_kept() throws IOException {
        var header = new Waiting();
        try (var rig = new Rig<>(TextLines.pipeline().over(header))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("head");
            rig.arrives("er:one\ntw");
            rig.arrives("o\n");
            assertThat(received).containsExactly("one", "two");
            for (Stage stage : rig.stages()) {
                assertThat(stage.rest).as("what %s keeps", stage).isNull();
            }
        }
    }

    /** Consumes nothing before its whole header is available. */
    private static final class Waiting implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                private boolean through;

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    if (!through && in.readableBytes() >= 7) {
                        in.skipBytes(7);
                        through = true;
                    }
                    if (through && in.isReadable()) {
                        return in;
                    }
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    out.pass(message.retainedSlice());
                }
            };
        }
    }

    @Test
    void close_and_become_within_a_message_find_nothing_left_behind() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new Transparent()))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(line -> {
                received.add(line);
                rig.connection().close();
            }));
            rig.arrives("last\nnever\n");
            assertThat(received).containsExactly("last");
            for (Stage stage : rig.stages()) {
                assertThat(stage.rest).as("what %s keeps", stage).isNull();
            }
        }
    }

    @Test
    void on_top_of_a_pipeline_such_a_layer_gives_buffers_of_the_receivers_own() throws IOException {
        Pipeline<ByteBuf, ByteBuf> alone = Pipeline.of(new Transparent());
        Pipeline<ByteBuf, ByteBuf> mapped = alone.map(bytes -> bytes, bytes -> bytes);
        try (var rig = new Rig<>(mapped)) {
            List<ByteBuf> received = rig.collect(rig.connection());
            rig.arrives("abc");
            rig.arrives("def");
            assertThat(received)
                    .extracting(each -> each.toString(StandardCharsets.UTF_8))
                    .containsExactly("abc", "def");
            received.forEach(each -> assertThat(each.release()).isTrue());
        }
    }

    @Test
    void mappings_apply_in_the_order_in_which_they_were_added_in_both_directions() throws IOException {
        Pipeline<String, String> mapped = TextLines.pipeline()
                .map(line -> line + "a", (String line) -> line + "1")
                .map(line -> line + "b", (String line) -> line + "2")
                .map(line -> line + "c", line -> line + "3");
        try (var rig = new Rig<>(mapped)) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives(">\n");
            rig.onLoop(() -> rig.connection().write("<"));
            rig.settle();
            assertThat(received).containsExactly(">abc");
            assertThat(rig.sent()).isEqualTo("<321\n");
        }
    }

    // ---- down

    @Test
    void a_received_buffer_that_is_written_at_once_leaves_as_it_is() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var echoed = new ArrayList<ByteBuf>();
            rig.onLoop(() -> rig.connection().onMessage(bytes -> {
                echoed.add(bytes);
                rig.connection().write(bytes);
            }));
            rig.arrives("warm up the pool");
            rig.arrives("hello");
            assertThat(rig.sent()).isEqualTo("warm up the poolhello");
            assertThat(rig.wire.taken.getLast()).isSameAs(echoed.getLast());
        }
    }

    @Test
    void what_follows_goes_into_the_same_buffer() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> rig.connection().onMessage(bytes -> {
                rig.connection().write(bytes);
                rig.connection().write(Unpooled.copiedBuffer(", world", StandardCharsets.UTF_8));
            }));
            rig.arrives("warm up the pool");
            rig.sent();
            int before = rig.wire.taken.size();
            rig.arrives("hello");
            assertThat(rig.sent()).isEqualTo("hello, world");
            assertThat(rig.wire.taken).as("buffers for both").hasSize(before + 1);
        }
    }

    @Test
    void one_buffer_that_is_written_twice_leaves_twice_though_the_wire_takes_little() throws IOException {
        for (int size : new int[] {100, 4 * 1024, 100_000}) {
            try (var rig = new Rig<>(Pipeline.bytes())) {
                byte[] bytes = new byte[size];
                new Random(size).nextBytes(bytes);
                ByteBuf message = Unpooled.directBuffer(size).writeBytes(bytes);
                rig.wire.space = size / 2;
                var flushed = new ArrayList<Future<?>>();
                rig.onLoop(() -> {
                    rig.connection().write(message.retain());
                    rig.connection().write(message);
                    flushed.add(rig.connection().flush());
                });
                rig.settle();
                assertThat(flushed.getFirst().isDone()).isFalse();
                rig.wire.space = Integer.MAX_VALUE;
                rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
                rig.settle();
                assertThat(flushed.getFirst().isDone()).as("%d bytes", size).isTrue();
                byte[] twice = Arrays.copyOf(bytes, 2 * size);
                System.arraycopy(bytes, 0, twice, size, size);
                assertThat(rig.wire.sent()).isEqualTo(twice);
                assertThat(message.refCnt()).isZero();
            }
        }
    }

    @Test
    void a_buffer_that_somebody_else_holds_as_well_is_not_written_to() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var kept = new ArrayList<ByteBuf>();
            rig.onLoop(() -> rig.connection().onMessage(bytes -> {
                kept.add(bytes.retainedDuplicate());
                rig.connection().write(bytes);
                rig.connection().write(Unpooled.copiedBuffer("!", StandardCharsets.UTF_8));
            }));
            rig.arrives("warm up the pool");
            rig.arrives("hello");
            assertThat(rig.sent()).isEqualTo("warm up the pool!hello!");
            ByteBuf last = kept.getLast();
            assertThat(last.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
            assertThat(last.getByte(last.writerIndex()))
                    .as("the byte behind it")
                    .isNotEqualTo((byte) '!');
            kept.forEach(each -> assertThat(each.release()).isTrue());
        }
    }
}
