package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

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

    /** The server says so once: as the answer to the first call, or as the reason for which all fail. Later callers may see a mere reset. */
    @Test
    void a_server_that_is_full_says_so_to_who_calls() throws IOException {
        try (var full = new LocalRedis("--maxclients", "1");
                var loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO))) {
            Client<Command, Reply> only =
                    loop.connect(full.address(), Resp.client()).await();
            assertThat(only.call(Command.of("PING")).await()).isEqualTo(Reply.PONG);
            Client<Command, Reply> surplus =
                    loop.connect(full.address(), Resp.client()).await();
            Future<Reply> first = surplus.call(Command.of("PING"));
            Future<Reply> second = surplus.call(Command.of("ECHO", "a"));
            assertThatThrownBy(() -> first.await().orThrow())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("max number of clients reached");
            assertThatThrownBy(() -> second.await().orThrow()).isInstanceOf(IOException.class);
            assertThat(only.call(Command.of("PING")).await()).isEqualTo(Reply.PONG);
            only.close();
            only.closed().await();
        }
    }
}
