package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Future;
import rill.Pipeline;
import rill.Report;
import rill.testing.RawPeer;

/** A peer that reads slowly or not at all: bounded memory, and a writer that is notified. */
class BackPressureTest extends OnNio {
    private static final int LOW = 64 * 1024;
    private static final int HIGH = 256 * 1024;
    private static final int HARD = 1024 * 1024;
    private static final int MESSAGE = 32 * 1024;

    private static final ConnectOptions MARKS = ConnectOptions.defaults()
            .option(java.net.StandardSocketOptions.SO_SNDBUF, 16 * 1024)
            .limits(ConnectionLimits.defaults().waterMarks(LOW, HIGH, HARD));

    private Connection<ByteBuf, ByteBuf> to(RawPeer peer) throws IOException {
        return loop.connect(peer.address(), Pipeline.bytes(), MARKS).await();
    }

    private static ByteBuf message(int size, int content) {
        return Unpooled.buffer(size).writeBytes(new byte[size]).setByte(0, content);
    }

    @Test
    void a_writer_is_told_above_the_high_mark_and_again_below_the_low_one() throws Exception {
        var read = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(read);
            talk.readAll();
        })) {
            task(() -> {
                var connection = to(peer);
                Future<Void> accepted = connection.write(message(MESSAGE, 0));
                int written = 1;
                while (accepted.isDone()) {
                    connection.flush();
                    accepted = connection.write(message(MESSAGE, written++));
                }
                assertThat(written * MESSAGE).isGreaterThanOrEqualTo(HIGH);
                pass(java.time.Duration.ofMillis(20));
                assertThat(accepted.isDone()).as("while the peer reads nothing").isFalse();
                read.countDown();
                accepted.await();
                assertThat(connection.write(message(10, 0)).isDone()).isTrue();
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void above_the_hard_limit_a_write_fails_with_its_connection_says_why_and_releases_its_message() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            task(() -> {
                var connection = to(peer);
                var written = new ArrayList<ByteBuf>();
                Future<Void> last = connection.write(message(10, 0));
                while (last.failure() == null) {
                    ByteBuf message = message(MESSAGE, 0);
                    written.add(message);
                    last = connection.write(message);
                }
                assertThat(written.size() * MESSAGE).isBetween(HARD, HARD + HARD / 2);
                assertThat(written.getLast().refCnt()).isZero();
                assertThat(reports.await(Report.ConnectionFailed.class).cause()).isSameAs(last.failure());
                Future<Void> refused = last;
                assertThatThrownBy(refused::await)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(peer.address().toString())
                        .hasMessageContaining("hard limit is " + HARD);
                connection.abort().await();
                assertThat(written).allMatch(each -> each.refCnt() == 0);
            });
        }
    }

    @Test
    void a_message_refused_above_the_hard_limit_is_reported_at_once_and_once_whoever_looks_at_its_future()
            throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            task(() -> {
                var connection = to(peer);
                Future<Void> accepted = connection.write(message(10, 0));
                while (accepted.isDone()) { // until the kernel takes no more
                    accepted = connection.write(message(MESSAGE, 0));
                }
                for (int n = 0; n <= 2 * HARD / MESSAGE; n++) {
                    connection.write(message(MESSAGE, 0)); // ignores the Future, as onMessage(connection::write) would
                }
                assertThat(reports.await(Report.ConnectionFailed.class).cause())
                        .hasMessageContaining(peer.address().toString())
                        .hasMessageContaining("hard limit is " + HARD);
                connection.abort().await();
            });
            loop.close(); // reports unobserved failures; closeLoops() checks that there are none
        }
    }

    @Test
    void writers_on_other_threads_reserve_room_before_they_enqueue() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            Connection<ByteBuf, ByteBuf> connection = within(() -> to(peer));
            // Nobody drives the loop now: nothing written here can leave.
            var written = new ArrayList<ByteBuf>();
            Future<Void> last = loop.promise();
            int waiting = 0;
            while (last.failure() == null) {
                ByteBuf message = message(MESSAGE, 0);
                written.add(message);
                last = connection.write(message);
                waiting += last.isDone() ? 0 : 1;
            }
            assertThat(written).hasSize(HARD / MESSAGE + 1);
            assertThat(written.getLast().refCnt()).isZero();
            assertThat(waiting).as("told to wait, above the high mark").isBetween(1, (HARD - HIGH) / MESSAGE + 1);
            task(() -> connection.abort().await());
            assertThat(written).allMatch(each -> each.refCnt() == 0);
            assertThat(reports.await(Report.ConnectionFailed.class).cause()).isSameAs(last.failure());
        }
    }

    @Test
    void writes_from_many_threads_arrive_whole_and_each_threads_in_order() throws Exception {
        int threads = 8;
        int each = 500;
        var lines = new ArrayList<String>();
        try (var peer = RawPeer.listening(talk -> {
            for (String line = talk.readLine(); line != null; line = talk.readLine()) {
                lines.add(line);
            }
        })) {
            loop.start();
            var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
            var failures = new AtomicInteger();
            var writers = new ArrayList<Thread>();
            for (int t = 0; t < threads; t++) {
                int writer = t;
                writers.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < each; i++) {
                            connection.write(writer + ":" + i).await();
                        }
                    } catch (IOException e) {
                        failures.incrementAndGet();
                    }
                }));
            }
            for (Thread writer : writers) {
                writer.join();
            }
            connection.finish().await();
            peer.finish();
            assertThat(failures).hasValue(0);
            assertThat(lines).hasSize(threads * each);
            var next = new int[threads];
            for (String line : lines) {
                int colon = line.indexOf(':');
                int writer = Integer.parseInt(line.substring(0, colon));
                assertThat(Integer.parseInt(line.substring(colon + 1))).isEqualTo(next[writer]++);
            }
        }
    }

    @Test
    @Tag("slow")
    void a_hundred_mebibytes_to_a_slow_reader_take_bounded_memory() throws Exception {
        int messages = 100 * 1024 * 1024 / MESSAGE;
        var highest = new AtomicInteger();
        try (var peer = RawPeer.listening(talk -> {
            for (int i = 0; i < messages; i++) {
                byte[] message = talk.readExactly(MESSAGE);
                if (message[0] != (byte) i) {
                    throw new AssertionError("message " + i + " begins with " + message[0]);
                }
            }
            talk.expectEnd();
        })) {
            List<ByteBuf> alive = new ArrayList<>();
            loop.task("write", () -> {
                        var connection = to(peer);
                        for (int i = 0; i < messages; i++) {
                            ByteBuf message = message(MESSAGE, i);
                            alive.add(message);
                            var accepted = connection.write(message);
                            alive.removeIf(each -> each.refCnt() == 0);
                            highest.accumulateAndGet(alive.size() * MESSAGE, Math::max);
                            accepted.await();
                        }
                        connection.finish().await();
                        return messages;
                    })
                    .timeout(PATIENCE.multipliedBy(6))
                    .await();
            peer.finish();
            assertThat(highest.get()).isBetween(LOW, HIGH + MESSAGE);
            assertThat(alive).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void a_future_of_write_that_nobody_keeps_is_not_reported_when_the_connection_goes() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            task(() -> {
                var connection = to(peer);
                for (int i = 0; i < 2 * HIGH / MESSAGE; i++) {
                    connection.write(message(MESSAGE, 0));
                    connection.flush();
                }
                connection.abort().await();
            });
            loop.close(); // reports unobserved failures; closeLoops() checks that there are none
        }
    }

    @Test
    void after_close_a_write_fails_names_the_connection_and_releases_its_message() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            Connection<ByteBuf, ByteBuf> connection = within(() -> {
                var opened = to(peer);
                opened.close();
                ByteBuf late = message(100, 0);
                assertThat(failureOf(opened.write(late)))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(peer.address().toString())
                        .hasMessageContaining("closed");
                assertThat(late.refCnt()).isZero();
                assertThat(failureOf(opened.flush())).hasMessageContaining("closed");
                opened.closed().await();
                return opened;
            });
            ByteBuf fromOutside = message(100, 0);
            assertThat(failureOf(connection.write(fromOutside))).hasMessageContaining("closed");
            assertThat(fromOutside.refCnt()).isZero();
            peer.finish();
        }
    }
}
