package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * Wires that receive any call at any time, within their events and outside them. What arrives is a prefix of what was sent, or all of it if neither
 * side gave up; events arrive in the contract's order; all buffers are released.
 */
class WiresAtRandomTest extends Selecting {
    private static final int PAIRS = 3;
    private static final int STEPS = 300;
    private static final int LARGE = 150_000;
    private static final int SEEDS = Integer.getInteger("rill.seeds", 10);
    private static final int MUCH = 3_000_000; // the total of each

    @TempDir
    private Path folder;

    private boolean selecting;
    private boolean calm; // neither side acts any more
    private final List<String> wrong = new ArrayList<>();

    /** One end, which knows which events are permitted. */
    private final class Checked implements WireListener {
        final String name;
        final Random random;
        final List<ByteBuf> given = new ArrayList<>();
        Wire wire;
        Checked peer;
        long sent;
        long left;
        long read;
        int connected;
        boolean paused;
        boolean overBefore; // paused after it was closed, before that was delivered
        boolean ended;
        boolean outputEnded;
        Throwable failed;
        boolean gaveUp;
        boolean closed;
        ByteBuf target;

        Checked(String name, Random random) {
            this.name = name;
            this.random = random;
        }

        private void event(boolean allowed, String what) {
            if (!selecting || closed || !allowed) {
                wrong.add(what + " of " + this);
            }
        }

        @Override
        public void connected() {
            event(connected++ == 0 && !gaveUp, "connected");
            something();
        }

        @Override
        public ByteBuf readTarget() {
            event(connected == 1 && !gaveUp, "readTarget");
            if (random.nextInt(4) > 0) {
                return null;
            }
            freeTarget();
            target = Unpooled.directBuffer(1 + random.nextInt(100_000));
            return target;
        }

        private void freeTarget() {
            if (target != null) {
                target.release();
                target = null;
            }
        }

        @Override
        public void received(ByteBuf bytes) {
            event(connected == 1 && !gaveUp && !ended && !paused && bytes.isReadable(), "received");
            var came = new byte[bytes.readableBytes()];
            bytes.readBytes(came);
            if (!Arrays.equals(came, pattern(read, came.length))) {
                wrong.add("bytes from " + read + " on of " + this);
            }
            read += came.length;
            something();
        }

        @Override
        public void turnEnded() {
            event(connected == 1 && !gaveUp, "turnEnded");
            something();
        }

        @Override
        public void written(long bytes) {
            event(connected == 1 && !gaveUp && failed == null && bytes > 0, "written");
            left += bytes;
            something();
        }

        @Override
        public void writeFailed(Throwable cause) {
            event(connected == 1 && !gaveUp && failed == null && cause != null, "writeFailed");
            failed = cause;
            allBack();
            something();
        }

        @Override
        public void inputEnded() {
            event(connected == 1 && !gaveUp && !ended && !paused && failed == null, "inputEnded");
            ended = true;
            something();
        }

        @Override
        public void closed(Throwable cause) {
            event(gaveUp || !paused || overBefore || (failed != null && ended), "closed");
            closed = true;
            if ((cause == null) != gaveUp) {
                wrong.add("told why (" + cause + ") " + this);
            }
            allBack();
            freeTarget();
        }

        private void allBack() {
            if (given.stream().anyMatch(each -> each.refCnt() != 0)) {
                wrong.add("buffers are left of " + this);
            }
        }

        /** Acts within an event, now and then. */
        private void something() {
            if (!calm && random.nextInt(3) == 0) {
                act();
            }
        }

        void act() {
            boolean before = selecting;
            selecting = false; // no event is delivered meanwhile
            switch (random.nextInt(28)) {
                case 0, 1, 2, 3, 4, 5 -> write();
                case 6, 7, 8, 9, 10, 11 -> {
                    write();
                    left += wire.flush();
                }
                case 12, 13, 14 -> left += wire.flush();
                case 15, 16 -> left += wire.retry();
                case 17, 18, 19 -> {
                    overBefore = !paused && wire.toString().startsWith("CLOSED");
                    wire.pauseReads();
                    paused = true;
                }
                case 20, 21, 22, 23, 24 -> resume();
                case 25 -> wire.unacknowledged();
                case 26 -> {
                    if (random.nextInt(6) == 0) {
                        shutdown();
                    }
                }
                default -> {
                    if (random.nextInt(12) == 0) {
                        giveUp(random.nextBoolean());
                    }
                }
            }
            selecting = before;
        }

        void resume() {
            paused = false;
            wire.resumeReads();
        }

        void shutdown() {
            outputEnded = true;
            wire.shutdownOutput();
        }

        void giveUp(boolean reset) {
            gaveUp |= !closed;
            if (reset) {
                wire.abort();
            } else {
                wire.close();
            }
        }

        private void write() {
            if (sent > MUCH) {
                return;
            }
            int size = 1 + random.nextInt(random.nextInt(5) == 0 ? LARGE : 1000);
            boolean taken = !outputEnded && !gaveUp && !closed && failed == null;
            ByteBuf buffer = switch (random.nextInt(4)) {
                case 0 -> fill(Unpooled.buffer(size), sent, size);
                case 1 -> {
                    int half = size / 2;
                    var both = Unpooled.compositeBuffer();
                    both.addComponent(true, fill(Unpooled.directBuffer(size), sent, half));
                    both.addComponent(true, fill(Unpooled.buffer(size), sent + half, size - half));
                    yield both;
                }
                default -> fill(Unpooled.directBuffer(size), sent, size);
            };
            given.removeIf(each -> each.refCnt() == 0);
            given.add(buffer);
            wire.write(buffer);
            if (taken) {
                sent += size;
            }
        }

        private static ByteBuf fill(ByteBuf buffer, long from, int size) {
            return buffer.writeBytes(pattern(from, size));
        }

        private static byte[] pattern(long from, int size) {
            var bytes = new byte[size];
            for (int i = 0; i < size; i++) {
                bytes[i] = (byte) ((from + i) * 7 + ((from + i) >> 8));
            }
            return bytes;
        }

        @Override
        public String toString() {
            return name + " (" + wire + ", sent " + sent + ", left " + left + ", read " + read
                    + (paused ? ", paused" : "") + (ended ? ", ended" : "") + (gaveUp ? ", gave up" : "")
                    + (failed == null ? "" : ", " + failed) + ")";
        }
    }

    private void step(long nanos) throws IOException {
        selecting = true;
        selector.select(nanos);
        selecting = false;
        assertThat(wrong).isEmpty();
    }

    static List<Named<UringTransport>> transports() {
        return List.of(
                Named.of("the present one", new UringTransport()),
                Named.of("whole buffers", new UringTransport(new Kernel(false, false), Ring.Size.USUAL)),
                Named.of("a small ring", new UringTransport(null, new Ring.Size(4, 4))));
    }

    private void run(UringTransport transport, SocketAddress address, long seed) throws IOException {
        selector.close();
        selector = (UringSelector) transport.open(receive::clear);
        calm = false;
        var random = new Random(seed);
        var all = new ArrayList<Checked>();
        Acceptor acceptor = listen(address, 0);
        for (int i = 0; i < PAIRS; i++) {
            var client = new Checked("client " + i + " of seed " + seed, random);
            client.wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
            for (int n = random.nextInt(3); n > 0; n--) {
                client.write();
            }
            while (accepted.isEmpty()) {
                step(1_000_000);
            }
            var server = new Checked("server " + i + " of seed " + seed, random);
            server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
            client.peer = server;
            server.peer = client;
            all.add(client);
            all.add(server);
        }
        for (int i = 0; i < STEPS; i++) {
            for (int n = random.nextInt(4); n > 0; n--) {
                all.get(random.nextInt(all.size())).act();
            }
            step(random.nextInt(4) == 0 ? 1_000_000 : 0);
        }
        acceptor.close();
        finish(all);
    }

    private void finish(List<Checked> all) throws IOException {
        calm = true;
        all.forEach(each -> {
            each.resume();
            each.shutdown();
        });
        await(all, each -> each.ended || each.closed);
        for (Checked each : all) {
            if (!each.gaveUp && !each.peer.gaveUp) {
                assertThat(each.failed).as("" + each).isNull();
                assertThat(each.read).as("of " + each.peer + " came to " + each).isEqualTo(each.peer.sent);
            } else {
                assertThat(each.read).as("of " + each.peer + " came to " + each).isLessThanOrEqualTo(each.peer.sent);
            }
        }
        await(all, each -> each.closed || each.gaveUp || each.peer.gaveUp || each.left == each.sent);
        all.forEach(each -> each.giveUp(false));
        await(all, each -> each.closed);
        step(0);
        assertThat(selector.requests().underWay())
                .as("those of wake-ups and of listeners")
                .isEqualTo(2);
    }

    private void await(List<Checked> all, Predicate<Checked> condition) throws IOException {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!all.stream().allMatch(condition)) {
            assertThat(System.nanoTime()).as("the deadline of " + all).isLessThan(deadline);
            step(10_000_000);
        }
    }

    private SocketAddress address(boolean unix, int number) {
        return unix ? UnixDomainSocketAddress.of(folder.resolve("socket" + number)) : anyPort();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void so_it_is_with_a_few_seeds(UringTransport transport) throws IOException {
        for (int seed = 0; seed < 3; seed++) {
            run(transport, address(seed == 2, seed), seed);
        }
    }

    @Test
    @Tag("slow")
    void so_it_is_with_many_seeds() throws IOException {
        int number = 0;
        long first = new Random().nextLong();
        for (int i = 0; i < SEEDS; i++) {
            for (Named<UringTransport> each : transports()) {
                run(each.getPayload(), address(i % 4 == 0, number++), first + i);
            }
        }
    }
}
