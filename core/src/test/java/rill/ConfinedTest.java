package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Operations that belong on the loop are refused to other threads while a thread drives it, instead of racing with it. */
class ConfinedTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.realTime();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    private Connection<String, String> connect() throws Exception {
        Listener server = loop.<String, String>serve(ANY, TextLines.pipeline(), Future::of)
                .await();
        return loop.connect(server.address(), TextLines.pipeline()).await();
    }

    @Test
    void a_connection_is_refused_to_other_threads_while_somebody_drives() throws Exception {
        Connection<String, String> connection = connect();
        loop.start();
        List<ThrowingCallable> refused = List.of(
                connection::receive,
                () -> connection.onMessage(line -> {}),
                () -> connection.onFailure(failure -> {}),
                connection::pause,
                connection::resume,
                connection::stop,
                () -> connection.become(TextLines.pipeline()),
                () -> connection.option(StandardSocketOptions.TCP_NODELAY),
                () -> connection.option(StandardSocketOptions.TCP_NODELAY, true));
        assertThat(refused)
                .allSatisfy(call -> assertThatThrownBy(call)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(" of connection to ")
                        .hasMessageContaining(loop.name()));
        assertThat(loop.submit(() -> {
                            connection.pause();
                            connection.resume();
                            return true;
                        })
                        .await())
                .as("on its loop it may")
                .isTrue();
        connection.finish().await();
    }

    @Test
    void while_nobody_drives_any_thread_may_use_it() throws Exception {
        Connection<String, String> connection = connect();
        Future<String> answer = connection.receive();
        connection.write("hello");
        assertThat(answer.await()).isEqualTo("hello");
        connection.finish().await();
    }
}
