package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Errno;

/** A ring alone, with requests that do nothing. */
@ExtendWith(Leaks.class)
class RingTest {
    private static final long PATIENCE = 10_000_000_000L;
    private static final int POLL_IN = 1;
    private static final int REQUESTS = Ring.Size.USUAL.requests();
    private static final int ANSWERS = Ring.Size.USUAL.answers();

    private CallMemory memory;
    private Ring ring;

    @BeforeEach
    void open() throws IOException {
        memory = new CallMemory();
        ring = Ring.open(memory.errno, memory.arena, Ring.Size.USUAL);
    }

    @AfterEach
    void close() {
        ring.close();
        memory.close();
    }

    private void nop(long data) {
        ring.add(Request.NOP, -1, 0, 0, 0, 0, 0, data);
    }

    @Test
    void each_request_is_answered_once_with_its_own_data() throws IOException {
        ring.enable();
        for (long data = 1; data <= 16; data++) {
            nop(data << 40 | data);
        }
        assertThat(ring.waiting()).isEqualTo(16);
        ring.submit();
        assertThat(ring.waiting()).isZero();
        for (long data = 1; data <= 16; data++) {
            assertThat(ring.next()).isTrue();
            assertThat(ring.data()).isEqualTo(data << 40 | data);
            assertThat(ring.result()).isZero();
            assertThat(ring.flags() & Ring.MORE).isZero();
        }
        assertThat(ring.next()).isFalse();
        assertThat(ring.ready()).isZero();
    }

    @Test
    void the_queues_go_round_many_times() throws IOException {
        ring.enable();
        long asked = 0;
        long answered = 0;
        while (answered < 5L * ANSWERS + 17) {
            for (int i = 0; i < 1 + asked % 100; i++) {
                nop(++asked);
            }
            ring.poll();
            while (ring.next()) {
                assertThat(ring.data()).isEqualTo(++answered);
            }
        }
        assertThat(answered).isEqualTo(asked);
    }

    @Test
    void there_is_room_for_so_many_requests_and_for_as_many_again_once_they_are_taken() throws IOException {
        ring.enable();
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(ring.room()).isEqualTo(REQUESTS - i);
            nop(i);
        }
        assertThat(ring.room()).isZero();
        ring.submit();
        assertThat(ring.room()).isEqualTo(REQUESTS);
        assertThat(ring.ready()).isEqualTo(REQUESTS);
    }

    @Test
    void more_answers_than_there_is_room_for_are_kept_by_the_kernel_and_none_is_lost() throws IOException {
        ring.enable();
        int many = ANSWERS + 3 * REQUESTS;
        for (int i = 0; i < many; i++) {
            if (ring.room() == 0) {
                ring.submit();
            }
            nop(i);
        }
        ring.submit();
        assertThat(ring.ready()).isEqualTo(ANSWERS);
        Set<Long> seen = new HashSet<>();
        long begun = System.nanoTime();
        while (seen.size() < many && System.nanoTime() - begun < PATIENCE) {
            ring.poll();
            while (ring.next()) {
                assertThat(seen.add(ring.data())).as("answered once").isTrue();
            }
        }
        assertThat(seen).hasSize(many);
    }

    @Test
    void a_wait_is_over_when_its_time_is() throws IOException {
        ring.enable();
        long begun = System.nanoTime();
        ring.await(2_000_000);
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(2_000_000);
        assertThat(ring.next()).isFalse();
    }

    @Test
    void what_waits_is_answered_when_it_is_cancelled() throws IOException {
        ring.enable();
        int event = rill.transport.epoll.linux.Waker.descriptor(memory.errno);
        try {
            ring.add(Request.POLL_ADD, event, 0, 0, Request.POLL_MULTI, POLL_IN, 0, 7);
            ring.submit();
            assertThat(ring.next()).isFalse();
            assertThat(ring.cancelAll(1_000_000)).isGreaterThanOrEqualTo(0);
            ring.enterNow();
            assertThat(ring.next()).isTrue();
            assertThat(ring.data()).isEqualTo(7);
            assertThat(ring.result()).isEqualTo(-Errno.ECANCELED);
            assertThat(ring.flags() & Ring.MORE).isZero();
        } finally {
            rill.transport.epoll.linux.LibC.close(event);
        }
    }

    @Test
    void a_ring_belongs_to_the_thread_that_has_enabled_it() throws Exception {
        var thrown = new AtomicReference<Throwable>();
        ring.enable();
        nop(1);
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        ring.submit();
                    } catch (IOException e) {
                        thrown.set(e);
                    }
                })
                .join();
        assertThat(thrown.get()).isInstanceOf(IOException.class).hasMessageContaining("File exists");
        ring.submit();
        assertThat(ring.next()).isTrue();
    }

    @Test
    void a_ring_that_nobody_has_enabled_takes_nothing() {
        nop(1);
        assertThatThrownBy(ring::submit).isInstanceOf(IOException.class);
    }

    @Test
    void a_request_says_whom_it_is_for_and_what_it_is() {
        for (long registration : new long[] {0, 5, (1L << 32) | 77, (long) Integer.MAX_VALUE << 32 | 0x1fff_ffff}) {
            for (int kind = Request.RECEIVE; kind <= Request.CANCEL; kind++) {
                long data = Request.data(registration, kind);
                assertThat(Request.kind(data)).isEqualTo(kind);
                assertThat(Request.registration(data)).isEqualTo(registration);
                assertThat(data).isNotEqualTo(Request.WAKE_UP);
            }
        }
    }
}
