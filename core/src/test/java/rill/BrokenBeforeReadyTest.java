package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** The wire or a write fails while a layer is not ready: whatever awaits the connection learns what the peer had to say, if it said anything. */
class BrokenBeforeReadyTest {
    private final IOException reset = new IOException("reset, on purpose");
    private final List<Optional<Throwable>> told = new ArrayList<>(); // empty if it was ready
    private @Nullable Rig<String, String> rig;

    /** {@code w} starts work elsewhere, {@code r} makes the layer ready, and anything else is the peer's refusal. */
    private static final class Shaking implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                private boolean ready;

                @Override
                public @Nullable ByteBuf opened(Context opening) {
                    opening.holdWrites();
                    return null;
                }

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context decoding) throws IOException {
                    if (!in.isReadable()) {
                        return null;
                    }
                    if (ready) {
                        return in.readSlice(in.readableBytes());
                    }
                    switch (in.readByte()) {
                        case 'w' -> decoding.runBlocking(() -> {});
                        case 'r' -> {
                            ready = true;
                            decoding.releaseWrites();
                        }
                        default -> throw new IOException("the peer has said no");
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

    private Rig<String, String> rig(@Nullable Route route) throws IOException {
        Pipeline<String, String> lines = TextLines.pipeline();
        rig = new Rig<>(ConnectionLimits.defaults(), link -> {
            if (route != null) {
                link.from(route);
            }
            Connection<String, String> opened = link.open(route == null ? lines.over(new Shaking()) : lines);
            link.audience().awaitReady(why -> told.add(Optional.ofNullable(why)));
            link.audience().tellIfReady();
            return opened;
        });
        return rig;
    }

    private Rig<String, String> rig() throws IOException {
        return rig(null);
    }

    @AfterEach
    void nothingIsLeft() {
        Rig<String, String> used = rig;
        if (used != null) {
            used.settle();
            assertThat(used.wire.closed).isTrue();
            assertThat(used.loop.connections()).isZero();
            assertThat(used.link.audience().closed().isDone()).isTrue();
            assertThat(used.loop.nextTimer())
                    .as("a timer that nobody waits for")
                    .isEmpty();
            assertThat(used.reports).isEmpty();
            used.close();
        }
    }

    private void wireFails(Rig<?, ?> broken) {
        broken.wire.end(reset);
        broken.settle();
    }

    private void writesFail(Rig<?, ?> broken) {
        broken.wire.failWrites(reset);
        broken.settle();
    }

    private static void workEnds(Rig<?, ?> working) {
        working.transport.blockingWork.remove().run();
        working.settle();
    }

    private void assertTold(String words) {
        assertThat(told)
                .singleElement()
                .satisfies(why -> assertThat(why.orElseThrow()).hasMessageContaining(words));
    }

    @Test
    void a_no_that_waits_for_work_elsewhere_is_told_though_the_wire_is_gone_meanwhile() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("wn");
        wireFails(rig);
        assertThat(told).isEmpty();
        workEnds(rig);
        assertTold("the peer has said no");
    }

    @Test
    void a_no_that_is_read_after_a_write_has_failed_is_told() throws IOException {
        Rig<String, String> rig = rig();
        writesFail(rig);
        assertThat(told).isEmpty();
        rig.arrives("n");
        rig.settle();
        assertTold("the peer has said no");
    }

    @Test
    void a_no_that_waits_is_told_though_a_write_has_failed_and_then_the_wire() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("wn");
        writesFail(rig);
        wireFails(rig);
        assertThat(told).isEmpty();
        workEnds(rig);
        assertTold("the peer has said no");
    }

    @Test
    void where_the_peer_has_said_nothing_it_is_that_the_wire_has_failed() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("w");
        writesFail(rig);
        wireFails(rig);
        assertThat(told).isEmpty();
        workEnds(rig);
        assertTold("reset, on purpose");
    }

    @Test
    void at_once_where_nothing_is_under_way() throws IOException {
        Rig<String, String> rig = rig();
        wireFails(rig);
        assertTold("reset, on purpose");
    }

    @Test
    void what_gets_ready_on_a_wire_that_has_failed_is_given_to_nobody() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("wrline\n");
        wireFails(rig);
        workEnds(rig);
        assertTold("reset, on purpose");
    }

    @Test
    void what_gets_ready_after_a_write_has_failed_is_given_to_nobody() throws IOException {
        Rig<String, String> rig = rig();
        writesFail(rig);
        rig.arrives("rline\n");
        rig.settle();
        assertTold("reset, on purpose");
        assertThat(rig.wire.aborted).isTrue();
    }

    @Test
    void work_that_is_never_done_is_not_waited_for_for_ever() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("w");
        wireFails(rig);
        for (int i = 0; i < 12; i++) {
            assertThat(told).isEmpty();
            rig.passes(ConnectionLimits.defaults().closeProgress());
        }
        assertTold("reset, on purpose");
    }

    @Test
    void beyond_a_proxy_the_failure_of_the_wire_says_where_to_it_was_to_go() throws IOException {
        var target = InetSocketAddress.createUnresolved("target.test", 80);
        Rig<String, String> rig =
                rig(new Route(target, InetSocketAddress.createUnresolved("proxy.test", 1), new Shaking()));
        rig.wire.failWrites(new ConnectException("refused, on purpose"));
        rig.settle();
        rig.wire.end(reset);
        rig.passes(Duration.ZERO);
        assertTold("connect to target.test:80 through the proxy at proxy.test:1");
        assertThat(told.getFirst().orElseThrow()).isInstanceOf(IOException.class);
    }

    @Test
    void a_loop_that_closes_does_not_wait_for_it() throws IOException {
        Rig<String, String> rig = rig();
        rig.arrives("w");
        wireFails(rig);
        rig.onLoop(rig.link::finish);
        rig.settle();
        assertTold("reset, on purpose");
    }
}
