package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.ProtocolException;
import rill.codec.proxy.Socks5;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.testkit.Authority;
import rill.testkit.memory.MemoryTransport;

/** Tests what a client retries by itself, if it is set to. */
final class HttpRetriesTest extends HttpClientRig {
    private static final HttpClientOptions THREE = DEFAULTS.retries(3);

    private int closedPort() throws IOException {
        var nobody = loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {})
                .await();
        nobody.close();
        return ((InetSocketAddress) nobody.address()).getPort();
    }

    @Test
    void a_request_is_tried_again_after_longer_and_longer_pauses_until_it_is_answered() throws IOException {
        var server = server((peer, request) -> {
            if (peer.number < 3) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            long begun = loop.nanoTime();
            assertThat(text(HttpClient.on(loop, THREE), server.uri())).isEqualTo("ok");
            assertThat(Duration.ofNanos(loop.nanoTime() - begun))
                    .isBetween(Duration.ofMillis(560), Duration.ofMillis(900)); // 100 + 200 + 400, give or take a fifth
        });
        assertThat(server.requests).hasSize(4);
    }

    @Test
    void the_last_failure_says_how_many_tries_there_were_and_that_one_may_have_been_carried_out() throws IOException {
        var server = server((peer, request) -> peer.reset());
        loop.run(() -> {
            assertFails(
                    HttpClient.on(loop, THREE).get(server.uri()),
                    Fate.PERHAPS_CARRIED_OUT,
                    "; that was try 4 (perhaps carried out)");
            assertFails(
                    HttpClient.on(loop, THREE).get("http://127.0.0.1:" + closedPort()),
                    Fate.NEVER_SENT,
                    "; that was try 4 (never sent)");
        });
        assertThat(server.requests).hasSize(4);
    }

    @Test
    void pauses_of_ages_leave_no_request_unsettled() throws IOException {
        Duration ages = ChronoUnit.FOREVER.getDuration();
        HttpClientOptions once = DEFAULTS.retries(1);
        var server = server((peer, request) -> {
            if (request.startsWith("GET /first") && peer.number == 0) {
                peer.reset();
            } else if (request.startsWith("GET /never")) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient patient = HttpClient.on(loop, once.backOff(Duration.ofMillis(100), ages));
            assertThat(text(patient, server.uri() + "/first")).isEqualTo("ok");
            HttpClient late = HttpClient.on(loop, once.backOff(ages, ages).deadline(Duration.ofSeconds(10)));
            assertFails(late.get(server.uri() + "/never"), Fate.PERHAPS_CARRIED_OUT, "");
        });
    }

    @Test
    void what_does_harm_twice_or_can_not_be_sent_again_is_not() throws IOException {
        var server = server((peer, request) -> peer.reset());
        URI uri = URI.create(server.uri());
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, THREE);
            assertFails(client.post(uri, HttpBody.of("x")), Fate.PERHAPS_CARRIED_OUT, "");
            assertFails(
                    client.send(ClientRequest.put(uri, HttpBody.stream(pieces("x")))), Fate.PERHAPS_CARRIED_OUT, "");
            assertThat(server.requests).hasSize(2);
            assertFails(
                    client.post("http://127.0.0.1:" + closedPort(), HttpBody.of("x")),
                    Fate.NEVER_SENT,
                    "that was try 4");
        });
    }

    @Test
    void what_stays_so_is_not_tried_again() throws IOException {
        var server = server((peer, request) -> peer.say("no HTTP\n\n"));
        loop.run(() -> assertThatThrownBy(HttpClient.on(loop, THREE).get(server.uri())::await)
                .isInstanceOf(CallFailedException.class)
                .hasMessageNotContaining("that was try"));
        assertThat(server.requests).hasSize(1);
        assertThat(Retries.mayPass(new IOException(new ProtocolException("x")))).isFalse();
        assertThat(Retries.mayPass(new UnknownHostException("x"))).isFalse();
        assertThat(Retries.mayPass(null)).isFalse();
        assertThat(Retries.mayPass(new IOException("reset"))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"502, 4", "503, 4", "504, 4", "500, 1", "403, 1", "407, 1"})
    void a_target_that_a_proxy_can_not_reach_is_tried_again_and_its_rules_are_not(int status, int tries)
            throws IOException {
        var proxy = server((peer, request) -> peer.say("HTTP/1.1 " + status + " No\nContent-Length: 0\n\n"));
        HttpClientOptions options =
                THREE.proxy(HttpProxy.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port)));
        loop.run(() -> assertFails(
                HttpClient.on(loop, options).post("https://some.where/", HttpBody.of("x")),
                Fate.NEVER_SENT,
                tries == 1 ? "it has answered HTTP/1.1 " + status : "; that was try " + tries + " (never sent)"));
        assertThat(proxy.requests).hasSize(tries);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 4", "4, 4", "5, 4", "6, 4", "7, 1", "8, 1"})
    void so_it_is_with_socks(int reply, int tries) throws IOException {
        int greeting = 3;
        int request = 4 + 1 + "some.where".length() + 2;
        var asked = new AtomicInteger();
        Listener proxy = loop.<ByteBuf, ByteBuf>listen(MemoryTransport.ANY, Pipeline.bytes(), peer -> {
                    var heard = new AtomicInteger();
                    peer.onFailure(failure -> {}).onMessage(said -> {
                        int before = heard.getAndAdd(said.readableBytes());
                        said.release();
                        if (before < greeting && heard.get() >= greeting) {
                            peer.write(Unpooled.wrappedBuffer(new byte[] {5, 0}));
                        }
                        if (heard.get() == greeting + request) {
                            asked.incrementAndGet();
                            peer.write(Unpooled.wrappedBuffer(new byte[] {5, (byte) reply, 0}));
                        }
                    });
                })
                .await();
        HttpClientOptions options = THREE.connect(ConnectOptions.defaults().proxy(Socks5.at(proxy.address())));
        loop.run(() -> assertFails(
                HttpClient.on(loop, options).get("http://some.where/"),
                Fate.NEVER_SENT,
                tries == 1 ? "(reply " + reply + ")" : "; that was try " + tries + " (never sent)"));
        assertThat(asked).hasValue(tries);
    }

    @Test
    void an_answer_whose_head_is_cut_off_is_a_connection_that_broke() throws IOException {
        var server = server((peer, request) -> {
            if (peer.number < 2) {
                peer.say("HTTP/1.1 200 OK\nConte").close();
            } else {
                peer.say(OK);
            }
        });
        loop.run(
                () -> assertThat(text(HttpClient.on(loop, THREE), server.uri())).isEqualTo("ok"));
        assertThat(server.requests).hasSize(3);
    }

    /** The first connection ends during the handshake, the second during the answer, both without a good-bye. The third is left alone. */
    @Test
    void tls_that_is_cut_off_is_a_connection_that_broke() throws IOException {
        Authority authority = Authority.create();
        Authority.Issued issued = authority.issue("127.0.0.1");
        var onTheWay = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var requests = new AtomicInteger();
        Listener server = loop.<ByteBuf, ByteBuf>listen(
                        MemoryTransport.ANY,
                        Pipeline.bytes().over(Tls.server(Identity.of(issued.key(), issued.chain()))),
                        connection -> connection.onFailure(failure -> {}).onMessage(bytes -> {
                            bytes.release();
                            if (requests.incrementAndGet() == 1) {
                                onTheWay.getLast().close();
                            } else {
                                connection.write(
                                        Unpooled.copiedBuffer(OK.replace("\n", "\r\n"), StandardCharsets.US_ASCII));
                            }
                        }))
                .await();
        Listener relay = loop.<ByteBuf, ByteBuf>listen(MemoryTransport.ANY, Pipeline.bytes(), near -> {
                    onTheWay.add(near);
                    near.onFailure(failure -> {});
                    if (onTheWay.size() == 1) {
                        near.onMessage(hello -> {
                            hello.release();
                            near.close();
                        });
                        return;
                    }
                    loop.connect(server.address(), Pipeline.bytes()).onDone((far, failure) -> {
                        far.onFailure(ended -> {});
                        near.closed().onDone((nothing, never) -> far.abort());
                        near.onMessage(far::write);
                        far.onMessage(near::write);
                    });
                })
                .await();
        HttpClientOptions options = THREE.tls(Tls.client().trust(List.of(authority.certificate())));
        String uri = "https://127.0.0.1:" + ((InetSocketAddress) relay.address()).getPort();
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, options);
            assertThat(text(client, uri)).isEqualTo("ok");
            client.close();
        });
        assertThat(onTheWay).hasSize(3);
        assertThat(requests).hasValue(2);
    }

    @Test
    void all_tries_have_the_time_of_the_whole() throws IOException {
        int port = closedPort();
        loop.run(() -> {
            long begun = loop.nanoTime();
            HttpClient client = HttpClient.on(loop, DEFAULTS.retries(100).deadline(Duration.ofSeconds(2)));
            assertFails(client.get("http://127.0.0.1:" + port), Fate.NEVER_SENT, "that was try ");
            assertThat(Duration.ofNanos(loop.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
        });
    }

    @Test
    void a_server_in_difficulties_is_not_buried_under_tries() throws IOException {
        var server = server((peer, request) -> peer.reset());
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, THREE.connections(100));
            var calls = java.util.stream.IntStream.range(0, 100)
                    .mapToObj(i -> client.get(server.uri()).map(response -> "").recover(failure -> ""))
                    .toList();
            Future.all(calls).await();
        });
        assertThat(server.requests.size()).isBetween(100 + Retries.RESERVE, 100 + 30);
    }

    @Test
    void a_request_that_is_given_up_is_not_tried_again() throws IOException {
        var server = server((peer, request) -> peer.reset());
        loop.run(() -> {
            Future<ClientResponse> call = HttpClient.on(loop, THREE).get(server.uri());
            loop.delay(Duration.ofMillis(50)).await();
            call.cancel();
            loop.delay(Duration.ofSeconds(10)).await();
        });
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void the_second_of_the_tries_that_are_always_made_says_what_became_of_the_first() throws IOException {
        var server = server((peer, request) -> {
            if (peer.requests == 1) {
                peer.say(OK);
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            Future<ClientResponse> second = client.get(server.uri());
            server.listener.close();
            assertFails(
                    second,
                    Fate.PERHAPS_CARRIED_OUT,
                    "its connection, used before, ended without an answer; tried once more: connect to ");
        });
    }

    @Test
    void a_client_that_closes_between_two_tries_fails_the_request_at_once() throws IOException {
        var server = server((peer, request) -> peer.reset());
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, THREE.backOff(Duration.ofHours(1), Duration.ofHours(1)));
            Future<ClientResponse> call = client.get(server.uri());
            loop.delay(Duration.ofSeconds(1)).await();
            client.close();
            Future<ClientResponse> inTime = call.timeout(Duration.ofSeconds(1));
            assertFails(inTime, Fate.PERHAPS_CARRIED_OUT, "");
        });
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void what_a_client_that_closes_breaks_off_is_not_tried_again() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, THREE.backOff(Duration.ofHours(1), Duration.ofHours(1)));
            Future<ClientResponse> call = client.get(server.uri());
            loop.delay(Duration.ofSeconds(1)).await();
            client.close();
            assertFails(call.timeout(Duration.ofSeconds(1)), Fate.PERHAPS_CARRIED_OUT, "");
        });
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void a_loop_that_closes_between_two_tries_leaves_no_request_undone() throws IOException {
        var server = server((peer, request) -> peer.reset());
        Loop other = Loop.open(LoopOptions.defaults().transport(memory));
        Future<ClientResponse> call = HttpClient.on(other, THREE).get(server.uri());
        other.run(() -> other.delay(Duration.ofMillis(50)).await());
        assertThat(server.requests).hasSize(1);
        other.close(Duration.ZERO);
        assertThat(call.isDone()).isTrue();
        assertThat(call.failure())
                .isInstanceOf(CallFailedException.class)
                .hasMessageContaining("(perhaps carried out)");
    }
}
