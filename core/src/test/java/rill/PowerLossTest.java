package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.spi.simulation.PowerLoss;
import rill.testing.Loops;
import rill.testing.MemorySelector;
import rill.testing.TextLines;

/** Tests the end of a loop whose simulated host loses its power. */
class PowerLossTest {
    private final Loops loops = Loops.manual();
    private final Loop other = loops.open();
    private final Loop lost = loops.open();
    private final MemorySelector selector = loops.selector();
    private final List<Object> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void nothing_runs_there_any_more_everything_is_given_back_and_waiters_elsewhere_are_told() {
        Listener listener = loops.settle(other.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Pipeline.bytes(),
                connection -> connection.onFailure(failure -> {}).onMessage(bytes -> {
                    bytes.release();
                    connection.write(Unpooled.copiedBuffer("x".repeat(5_000), StandardCharsets.US_ASCII));
                })));
        Connection<String, String> client = loops.settle(lost.connect(listener.address(), TextLines.pipeline()));
        loops.settle(lost.submit(() -> {
            client.onFailure(log::add).onMessage(log::add, () -> log.add("end"));
            client.closed().onDone((nothing, failure) -> log.add("closed"));
            return client.write("hello");
        }));
        Promise<String> promise = lost.promise();
        lost.task(() -> {
            try {
                return promise.await();
            } finally {
                log.add("finally");
            }
        });
        Task<String> waiter = other.task(promise::await);
        loops.settle();
        assertThat(lost.buffers().held()).as("a part of a line").isPositive();

        selector.breakWith(new PowerLoss("the power of its host failed"));
        lost.tick();

        assertThat(lost.isClosed()).isTrue();
        assertThat(lost.buffers().taken()).isZero();
        assertThat(loops.failureOf(waiter)).hasMessageContaining("the power of its host failed");
        assertThat(log).isEmpty();
        assertThat(loops.reporter().reports()).isEmpty();
    }
}
