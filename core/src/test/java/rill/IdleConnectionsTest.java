package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Memory, or the stack, is exhausted where connections are checked for idleness. */
class IdleConnectionsTest {
    private static final Duration LIMIT = Duration.ofSeconds(4);

    private final Loops loops = Loops.manual();
    private final GivingWay clock = new GivingWay(loops.clock());
    private final Loop loop = open();
    private final List<Throwable> failures = new ArrayList<>(); // of accepted connections

    private Loop open() {
        loops.transport().clock(clock);
        return loops.open();
    }

    @AfterEach
    void close() {
        loops.reporter().take(Report.Thrown.class);
        loops.reporter().take(Report.ConnectionFailed.class);
        loops.close();
    }

    private Connection<String, String> connected() {
        Listener listener = loops.settle(loop.listen(
                new InetSocketAddress("127.0.0.1", 0),
                TextLines.pipeline(),
                ListenOptions.defaults().idleTime(LIMIT),
                connection -> connection
                        .onFailure(failure -> failures.add(failure.cause()))
                        .onMessage(line -> {})));
        Connection<String, String> connection = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
        settle();
        return connection;
    }

    private void settle() {
        for (int n = 0; n < 20; n++) {
            loop.tick();
        }
    }

    private void passes() {
        for (int n = 0; n < 20; n++) {
            loops.clock().advance(LIMIT.dividedBy(10));
            settle();
        }
    }

    @Test
    void after_a_look_that_went_wrong_there_is_another_one() {
        connected();
        clock.after(0, "IdleConnections.lookAround");

        passes();

        assertThat(clock.gaveWay()).isTrue();
        assertThat(failures).singleElement().isInstanceOf(DeadlineException.class);
    }

    @Test
    void a_connection_that_came_in_and_can_not_be_looked_after_fails() {
        clock.after(0, "IdleConnections.watch");

        Connection<String, String> connection = connected();
        connection.onMessage(line -> {});
        settle();

        assertThat(clock.gaveWay()).isTrue();
        assertThat(connection.isOpen()).isFalse();
        assertThat(loop.links().isEmpty()).as("nothing is left of it").isTrue();
    }
}
