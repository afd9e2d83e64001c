package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.Command;
import rill.codec.Reply;
import rill.codec.Resp;

/** Against a redis-server process on this machine. */
class LocalRedisTest extends RedisClientContract {
    private static LocalRedis server;

    @BeforeAll
    static void start() throws IOException {
        server = new LocalRedis();
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @Override
    SocketAddress address() {
        return server.address();
    }

    @Test
    void a_server_that_is_full_says_so_to_every_call() throws IOException {
        try (var full = new LocalRedis("--maxclients", "1");
                var loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO))) {
            Client<Command, Reply> only =
                    loop.connect(full.address(), Resp.client()).await();
            assertThat(only.call(Command.of("PING")).await()).isEqualTo(Reply.PONG);
            Client<Command, Reply> surplus =
                    loop.connect(full.address(), Resp.client()).await();
            for (Future<Reply> call :
                    List.of(surplus.call(Command.of("PING")), surplus.call(Command.of("ECHO", "a")))) {
                assertThatThrownBy(() -> call.await().orThrow())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("max number of clients reached");
            }
            assertThat(only.call(Command.of("PING")).await()).isEqualTo(Reply.PONG);
            only.close().await();
        }
    }
}
