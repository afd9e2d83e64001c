package rill.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import rill.spi.Memory;

/** The memory of all loops: what is handed out, its bound, and what goes back to the system. */
class SystemMemoryTest {
    private static final int KIB = 1024;
    private static final int MIB = KIB * KIB;
    private static final long NEVER = TimeUnit.DAYS.toNanos(1);
    private static final long SOON = 1_000;

    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still not so").isLessThan(deadline);
            LockSupport.parkNanos(100_000);
        }
    }

    @Test
    void pieces_of_every_size_are_as_large_as_asked_for_and_never_overlap() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var memory = new SystemMemory(64 * MIB, NEVER);
        var pieces = new ArrayList<Memory.Piece>();
        var marks = new ArrayList<Integer>();
        for (int n = 0; n < 20_000; n++) {
            if (pieces.size() < 100 && random.nextInt(5) < 3) {
                int size = Slab.UNIT << Math.min(random.nextInt(6), random.nextInt(10));
                Memory.Piece piece = memory.allocate(size);
                ByteBuffer bytes = piece.bytes();
                assertThat(bytes.capacity()).as("seed %d", seed).isEqualTo(size);
                assertThat(bytes.isDirect()).isTrue();
                assertThat(bytes.alignmentOffset(0, 64))
                        .as("its place in a line of the cache")
                        .isZero();
                fill(bytes, n);
                pieces.add(piece);
                marks.add(n);
            } else if (!pieces.isEmpty()) {
                int i = random.nextInt(pieces.size());
                Memory.Piece piece = pieces.remove(i);
                assertFilled(piece.bytes(), marks.remove(i), seed);
                piece.release();
            }
        }
        for (int i = 0; i < pieces.size(); i++) {
            assertFilled(pieces.get(i).bytes(), marks.get(i), seed);
            pieces.get(i).release();
        }
        assertThat(memory.out()).isZero();
    }

    /** Writes the mark at both ends of each unit, enough to detect another piece's bytes. */
    private static void fill(ByteBuffer bytes, int mark) {
        for (int at = 0; at < bytes.capacity(); at += Slab.UNIT) {
            bytes.putInt(at, mark).putInt(at + Slab.UNIT - Integer.BYTES, mark);
        }
    }

    private static void assertFilled(ByteBuffer bytes, int mark, long seed) {
        for (int at = 0; at < bytes.capacity(); at += Slab.UNIT) {
            assertThat(bytes.getInt(at)).as("seed %d", seed).isEqualTo(mark);
            assertThat(bytes.getInt(at + Slab.UNIT - Integer.BYTES))
                    .as("seed %d", seed)
                    .isEqualTo(mark);
        }
    }

    @Test
    void what_many_small_pieces_were_is_a_large_one_again() {
        var memory = new SystemMemory(MIB, NEVER);
        for (int round = 0; round < 3; round++) {
            var small = new ArrayList<Memory.Piece>();
            for (int n = 0; n < MIB / Slab.UNIT; n++) {
                small.add(memory.allocate(Slab.UNIT));
            }
            assertThatThrownBy(() -> memory.allocate(Slab.UNIT)).isInstanceOf(OutOfMemoryError.class);
            small.forEach(Memory.Piece::release);
            var large = new ArrayList<Memory.Piece>();
            for (int n = 0; n < 4; n++) {
                large.add(memory.allocate(MIB / 4));
            }
            large.forEach(Memory.Piece::release);
            assertThat(memory.held()).isEqualTo(MIB);
        }
    }

    @Test
    void at_the_bound_it_refuses_and_says_what_the_bound_is_and_what_raises_it() {
        var memory = new SystemMemory(4 * MIB, NEVER);
        Memory.Piece most = memory.allocate(2 * MIB);
        Memory.Piece more = memory.allocate(MIB);
        assertThatThrownBy(() -> memory.allocate(2 * MIB))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessage("the buffers of all loops together hold 3145728 bytes, the limit is 4194304;"
                        + " -XX:MaxDirectMemorySize raises it");
        assertThat(memory.held()).isEqualTo(3 * MIB);
        most.release();
        Memory.Piece again = memory.allocate(2 * MIB);
        again.release();
        more.release();
        assertThat(memory.out()).isZero();
    }

    @Test
    void what_lies_idle_in_other_sizes_makes_room_at_the_bound() {
        var memory = new SystemMemory(32 * MIB, NEVER);
        List<Memory.Piece> small = new ArrayList<>();
        while (memory.held() < 32 * MIB) {
            small.add(memory.allocate(64 * KIB));
        }
        small.forEach(Memory.Piece::release);
        Memory.Piece large = memory.allocate(16 * MIB);
        assertThat(large.bytes().capacity()).isEqualTo(16 * MIB);
        assertThat(memory.held()).isLessThanOrEqualTo(32 * MIB);
        large.release();
    }

    @Test
    void what_a_burst_has_needed_goes_back_to_the_system_but_for_the_first_mebibyte() {
        var memory = new SystemMemory(256 * MIB, SOON);
        for (int round = 0; round < 3; round++) {
            var burst = new ArrayList<Memory.Piece>();
            for (int n = 0; n < 1_000; n++) {
                burst.add(memory.allocate(64 * KIB));
            }
            assertThat(memory.held()).isGreaterThanOrEqualTo(1_000 * 64 * KIB);
            assertThat(burst.getFirst().lasting()).isTrue();
            assertThat(burst.getLast().lasting())
                    .as("a loop does not keep what only a burst has needed")
                    .isFalse();
            burst.forEach(Memory.Piece::release);
            until(() -> memory.held() <= MIB);
        }
    }

    @Test
    void one_piece_of_a_burst_that_stays_keeps_little_of_the_rest() {
        var memory = new SystemMemory(256 * MIB, SOON);
        var burst = new ArrayList<Memory.Piece>();
        for (int n = 0; n < 1_000; n++) {
            burst.add(memory.allocate(64 * KIB));
        }
        Memory.Piece stays = burst.removeLast();
        burst.forEach(Memory.Piece::release);
        until(() -> memory.held() <= 5 * MIB);
        stays.release();
        until(() -> memory.held() <= MIB);
    }

    @Test
    void a_piece_is_given_back_once() {
        var memory = new SystemMemory(MIB, NEVER);
        Memory.Piece piece = memory.allocate(Slab.UNIT);
        piece.release();
        assertThatThrownBy(piece::release).isInstanceOf(IllegalStateException.class);
        assertThat(memory.out()).isZero();
    }

    @Test
    void many_threads_take_and_give_back_at_once() throws InterruptedException {
        var memory = new SystemMemory(64 * MIB, SOON);
        var failures = new java.util.concurrent.ConcurrentLinkedQueue<Throwable>();
        var threads = new ArrayList<Thread>();
        for (int t = 0; t < 4; t++) {
            int id = t;
            threads.add(Thread.ofPlatform()
                    .uncaughtExceptionHandler((thread, failure) -> failures.add(failure))
                    .start(() -> takeAndGiveBack(memory, id)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(memory.out()).isZero();
        until(() -> memory.held() <= MIB);
    }

    private static void takeAndGiveBack(SystemMemory memory, int id) {
        var random = new Random(id);
        for (int n = 0; n < 5_000; n++) {
            int mark = id << 24 | n;
            Memory.Piece piece = memory.allocate(Slab.UNIT << random.nextInt(11));
            fill(piece.bytes(), mark);
            assertFilled(piece.bytes(), mark, id);
            piece.release();
        }
    }

    @Test
    void the_bound_is_what_the_jvm_allows_its_direct_buffers() {
        long flag = Long.parseLong(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("MaxDirectMemorySize")
                .getValue());
        assertThat(DirectLimit.BYTES).isEqualTo(flag == 0 ? Runtime.getRuntime().maxMemory() : flag);
        assertThat(DirectLimit.bytes("64m")).isEqualTo(64L * MIB);
        assertThat(DirectLimit.bytes("2G")).isEqualTo(2L << 30);
        assertThat(DirectLimit.bytes("5000k")).isEqualTo(5_000L * KIB);
        assertThat(DirectLimit.bytes("4096")).isEqualTo(4_096);
    }

    @Test
    void the_last_byte_of_the_limit_can_be_used() {
        var memory = new SystemMemory(3 * MIB, NEVER);
        var pieces = new ArrayList<Memory.Piece>();
        pieces.add(memory.allocate(2 * MIB));
        assertThatNoException().isThrownBy(() -> pieces.add(memory.allocate(MIB)));
        assertThat(memory.held()).isEqualTo(3 * MIB);
        pieces.forEach(Memory.Piece::release);
    }
}
