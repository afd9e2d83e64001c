package rill.examples;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** Against Redis in a container, from the image that scripts/containers.sh builds. */
@Tag("containers")
class RedisContainerTest extends RedisClientContract {
    private static GenericContainer<?> container;

    @BeforeAll
    static void start() {
        container = new GenericContainer<>(DockerImageName.parse("localhost/rill-redis:7"))
                .withExposedPorts(6379)
                .withImagePullPolicy(image -> false)
                .waitingFor(Wait.forLogMessage(".*Ready to accept connections.*", 1));
        container.start();
    }

    @AfterAll
    static void stop() {
        if (container != null) {
            container.stop();
        }
    }

    @Override
    SocketAddress address() {
        return InetSocketAddress.createUnresolved(container.getHost(), container.getMappedPort(6379));
    }
}
