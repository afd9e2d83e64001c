package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;

/** Tests requests of a client that wait for a connection, and their deadlines. */
final class HttpClientWaitingTest extends HttpClientRig {
    @Test
    void a_request_waits_for_a_connection_no_longer_than_it_may() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/quick")) {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(
                    loop,
                    DEFAULTS.connections(1).waitTimeout(Duration.ofSeconds(5)).headTimeout(Duration.ofSeconds(8)));
            Future<ClientResponse> slow = client.get(server.uri());
            long before = loop.nanoTime();
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "no connection within 5000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
            Future<ClientResponse> soon = client.get(server.uri() + "/quick");
            assertFails(slow, Fate.PERHAPS_CARRIED_OUT, "no response within 8000 ms");
            assertThat(soon.await().text().await()).isEqualTo("ok");
            loop.delay(Duration.ofSeconds(10)).await();
            assertThat(client.connections(URI.create(server.uri())))
                    .as("its time to wait is over with the wait")
                    .isEqualTo(1);
        });
    }

    /** The transport in memory, with blocking work that can be held up. */
    private static final class HoldingUp implements Transport {
        private final Transport memory;
        final List<Runnable> held = new ArrayList<>();
        boolean holds;

        HoldingUp(Transport memory) {
            this.memory = memory;
        }

        @Override
        public String name() {
            return "holding up";
        }

        @Override
        public int preference() {
            return memory.preference();
        }

        @Override
        public Environment environment() {
            Environment is = memory.environment();
            return new Environment(is.clock(), is.random(), is.resolver(), this::execute, is.memory(), is.driver());
        }

        private void execute(Runnable work) {
            if (holds) {
                held.add(work);
            } else {
                work.run();
            }
        }

        void goOn() {
            holds = false;
            held.forEach(Runnable::run);
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            return memory.open(receiveBuffer);
        }
    }

    /** A retry waits for its file while another request takes the only connection. */
    private void overtaken(Path folder, boolean idle) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the file");
        var transport = new HoldingUp(memory);
        var server = server((peer, request) -> {
            if (request.startsWith("PUT") && peer.number == 0) {
                transport.holds = true;
                peer.reset();
            } else if (request.startsWith("PUT")) {
                peer.say(OK);
            } else {
                peer.say("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n").sayBytes(new byte[1_000_000]);
            }
        });
        URI uri = URI.create(server.uri());
        try (Loop slow = Loop.open(LoopOptions.defaults().transport(transport))) {
            slow.run(() -> {
                HttpClient client = HttpClient.on(slow, DEFAULTS.connections(1));
                client.get(uri).await().bytes().await();
                Future<String> again =
                        client.send(ClientRequest.put(uri, HttpBody.file(file))).flatMap(ClientResponse::text);
                slow.delay(Duration.ofSeconds(1)).await();
                ClientResponse other = client.get(uri).await();
                if (idle) {
                    other.bytes().await();
                    transport.goOn();
                } else {
                    transport.goOn();
                    slow.delay(Duration.ofSeconds(1)).await();
                    assertThat(again.isDone()).isFalse();
                    other.bytes().await();
                }
                assertThat(again.timeout(Duration.ofSeconds(5)).await()).isEqualTo("ok");
                assertThat(client.connections(uri)).isEqualTo(1);
            });
        }
    }

    @Test
    void a_second_try_is_given_a_new_connection_though_there_may_be_no_more(@TempDir Path folder) throws IOException {
        overtaken(folder, false);
    }

    @Test
    void an_idle_connection_makes_room_for_a_second_try(@TempDir Path folder) throws IOException {
        overtaken(folder, true);
    }

    @Test
    void the_end_of_an_origins_last_connection_harms_not_those_made_since() throws IOException {
        var server = server((peer, request) -> {
            if (!request.contains("/never")) {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            OriginPool old = client.pool(ClientRequest.get(uri));
            client.forget(Origin.of(uri), old);
            text(client, server.uri());
            client.forget(Origin.of(uri), old);
            assertThat(client.connections(uri)).isEqualTo(1);
        });
    }

    @Test
    void a_time_of_ages_is_no_time_limit() throws IOException {
        Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(1), () -> peer.say(OK)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(
                    loop,
                    DEFAULTS.deadline(ages)
                            .headTimeout(ages)
                            .progressTimeout(ages)
                            .idleTime(ages)
                            .waitTimeout(ages)
                            .redirects(1));
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.of("x"))
                                    .deadline(ages)
                                    .expectContinue(ages))
                            .await()
                            .status())
                    .isEqualTo(200);
        });
    }
}
