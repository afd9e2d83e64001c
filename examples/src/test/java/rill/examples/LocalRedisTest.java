package rill.examples;

import java.io.IOException;
import java.net.SocketAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

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
}
