package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** What becomes of messages and failures between one receive and the next. */
class PullingTest {
    private static final class Box<T> {
        T value;
    }

    @Test
    void a_message_that_comes_back_is_not_overtaken_by_a_later_one() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var given = new Box<Future<String>>();
            var waiting = new Box<Future<String>>();
            rig.onLoop(() -> {
                given.value = rig.connection().receive().map(line -> line);
                waiting.value = rig.connection().receive();
            });
            rig.transport.events.add(
                    () -> { // it has arrived, and nobody was notified
                        rig.transport.events.clear();
                        rig.link.received(io.netty.buffer.Unpooled.copiedBuffer(
                                "first\nsecond\n", java.nio.charset.StandardCharsets.US_ASCII));
                        given.value.cancel();
                    });
            rig.settle();
            assertThat(waiting.value.result()).isEqualTo("first");
            rig.onLoop(() -> waiting.value = rig.connection().receive());
            rig.settle();
            assertThat(waiting.value.result()).isEqualTo("second");
        }
    }

    @Test
    void a_receive_on_the_loop_takes_at_once_what_has_arrived() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection().receive());
            rig.arrives("first\nsecond\n");
            rig.settle();
            rig.onLoop(() -> assertThat(rig.connection().receive().result()).isEqualTo("second"));
        }
    }

    /** A layer that passes on slices of what it was given. */
    private static final ByteLayer SLICING = context -> new Session<>() {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            return in.isReadable() ? in.readSlice(Math.min(in.readableBytes(), 10_000)) : null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.buffer(message.readableBytes()).writeBytes(message);
        }
    };

    @Test
    void a_receive_for_which_there_is_no_memory_fails_and_its_connection_with_it() throws IOException {
        int size = 600_000; // more than is read ahead, so it is put together when it is wanted; no kept chunk is large
        // enough
        Rig<ByteBuf, ByteBuf> rig = new Rig<>(Pipeline.of(new IntFrames(size)).over(SLICING));
        try (rig) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            ByteBuf all = Unpooled.buffer();
            all.writeInt(size).writeZero(size);
            rig.arrives(ByteBufUtil.getBytes(all));
            rig.settle();
            var next = new Box<Future<ByteBuf>>();
            rig.memory.refuseAll();
            rig.onLoop(() -> next.value = rig.connection().receive());
            rig.settle();
            rig.memory.refuseNone();
            assertThat(next.value.failure()).hasMessageContaining("no memory");
            assertThat(rig.failures).singleElement().isSameAs(next.value.failure());
            assertThat(rig.connection().isOpen()).isFalse();
        }
        assertThat(rig.memory.bytesOut()).isZero();
        assertThat(rig.reports).isEmpty();
    }

    /**
     * A second line arrives, the first one, which nobody has fetched, comes back before the second one is told, and the peer ends its stream.
     */
    private static void comesBackBeforeTheEnd(Rig<String, String> rig, Future<String> first, Future<String> second) {
        second.onDone((line, failure) -> {}); // so that there is somebody to tell
        rig.transport.events.add(() -> {
            rig.transport.events.clear();
            rig.link.received(
                    io.netty.buffer.Unpooled.copiedBuffer("second\n", java.nio.charset.StandardCharsets.US_ASCII));
            first.map(line -> line).cancel();
            rig.link.inputEnded();
        });
        rig.settle();
    }

    @Test
    void a_message_that_comes_back_just_before_the_end_goes_to_who_waits_for_it() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var received = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 4; i++) {
                    received.add(rig.connection().receive());
                }
            });
            rig.arrives("first\n");
            rig.settle();
            comesBackBeforeTheEnd(rig, received.get(0), received.get(1));
            assertThat(received.subList(1, 4).stream().map(Future::result)).containsExactly("second", "first", null);
        }
    }

    @Test
    void a_message_that_comes_back_just_before_the_end_is_kept_if_nobody_waits() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var received = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                received.add(rig.connection().receive());
                received.add(rig.connection().receive());
            });
            rig.arrives("first\n");
            rig.settle();
            comesBackBeforeTheEnd(rig, received.get(0), received.get(1));
            rig.onLoop(() -> {
                assertThat(rig.connection().receive().result()).isEqualTo("first");
                assertThat(rig.connection().receive().result()).isNull();
            });
        }
    }

    @Test
    void what_somebody_came_for_late_and_gave_up_is_there_for_the_next_at_once() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var received = new Box<Future<String>>();
            rig.onLoop(() -> received.value = rig.connection().receive());
            rig.arrives("first\nsecond\n");
            rig.settle(); // notified: the first line is kept for the next receive
            var next = new Box<Future<String>>();
            rig.onLoop(() -> {
                received.value.map(line -> line).cancel();
                next.value = rig.connection().receive();
            });
            rig.settle();
            assertThat(next.value.result()).isEqualTo("first");
        }
    }

    /** Two lines have arrived and settled their receives, whose values nobody has taken yet. */
    private static List<Future<String>> receivedTwoOf(Rig<String, String> rig, String lines) throws IOException {
        var received = new ArrayList<Future<String>>();
        rig.onLoop(() -> {
            received.add(rig.connection().receive());
            received.add(rig.connection().receive());
        });
        rig.arrives(lines);
        rig.settle();
        return received;
    }

    @Test
    void of_two_that_came_back_the_first_stays_the_first_when_it_comes_back_again() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<Future<String>> received = receivedTwoOf(rig, "first\nsecond\n");
            var again = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                received.reversed().forEach(each -> each.map(line -> line).cancel());
                rig.connection().receive().map(line -> line).cancel(); // before it is notified
                again.add(rig.connection().receive());
                again.add(rig.connection().receive());
            });
            rig.settle();
            assertThat(again.stream().map(Future::result)).containsExactly("first", "second");
        }
    }

    @Test
    void a_receive_behind_one_that_was_not_told_yet_waits_for_what_came_back() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<Future<String>> received = receivedTwoOf(rig, "first\nsecond\nthird\n");
            var again = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                received.reversed().forEach(each -> each.map(line -> line).cancel());
                Future<String> untold = rig.connection().receive().map(line -> line);
                again.add(rig.connection().receive());
                again.add(rig.connection().receive());
                again.add(rig.connection().receive());
                untold.cancel();
            });
            rig.settle();
            assertThat(again.stream().map(Future::result)).containsExactly("first", "second", "third");
        }
    }

    @Test
    void receives_that_wait_together_get_one_message_each_in_order() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var all = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 5; i++) {
                    all.add(rig.connection().receive());
                }
            });
            rig.arrives("a\nb\nc\nd\ne\n");
            rig.settle();
            assertThat(all.stream().map(Future::result)).containsExactly("a", "b", "c", "d", "e");
        }
    }

    @Test
    void receives_that_are_given_up_on_a_silent_connection_leave_nothing() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var patient = new Box<Future<String>>();
            rig.onLoop(() -> patient.value = rig.connection().receive());
            var sample = new ArrayList<WeakReference<Object>>();
            for (int i = 0; i < 10_000; i++) {
                rig.onLoop(() -> {
                    Future<String> impatient = rig.connection().receive();
                    impatient.cancel();
                    sample.add(new WeakReference<>(impatient));
                });
            }
            rig.settle();
            Await.until("few are left", () -> alive(sample) < 100);
            rig.arrives("for who has waited\n");
            rig.settle();
            assertThat(patient.value.result()).isEqualTo("for who has waited");
        }
    }

    private static long alive(List<WeakReference<Object>> things) {
        System.gc();
        return things.stream().filter(each -> each.get() != null).count();
    }

    @Test
    void a_failure_that_nobody_was_told_is_reported_as_that_of_the_connection() throws IOException {
        var rig = new Rig<>(TextLines.pipeline());
        resetBetweenReceives(rig);
        rig.close(); // reports all failures that nobody has seen
        assertThat(rig.reports).singleElement().isInstanceOf(Report.ConnectionFailed.class);
        assertThat(rig.reports.getFirst().message()).contains("127.0.0.1:2").contains("gone");
    }

    @Test
    void a_failure_that_a_writer_was_told_is_not_reported() throws IOException {
        var rig = new Rig<>(TextLines.pipeline());
        resetBetweenReceives(rig);
        rig.onLoop(() -> assertThat(rig.connection().write("answer").failure()).hasMessageContaining("gone"));
        rig.settle();
        rig.close(); // reports all failures that nobody has seen
        assertThat(rig.reports).isEmpty();
    }

    private static void resetBetweenReceives(Rig<String, String> rig) {
        var line = new Box<Future<String>>();
        rig.onLoop(() -> line.value = rig.connection().receive());
        rig.arrives("a line\n");
        rig.settle();
        assertThat(line.value.result()).isEqualTo("a line");
        rig.wire.end(new IOException("read from there: gone"));
        rig.settle();
    }
}
