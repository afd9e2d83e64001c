package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.ClientProtocol;
import rill.ClientProtocol.WhenFull;
import rill.Future;
import rill.Pipeline;
import rill.testing.Bites;
import rill.testing.RawPeer;

/** How a client ends, and which side releases what. */
class ClientEndTest extends OnNio {
    @Test
    void a_reset_fails_all_that_is_pending_with_the_cause() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.reset();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(1, WhenFull.WAIT);
                var client = loop.connect(peer.address(), protocol).await();
                var sent = client.call("a");
                var waiting = client.call("b");
                for (Future<String> call : List.of(sent, waiting)) {
                    assertThat(failureOf(call))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining(peer.address().toString())
                            .hasMessageContaining("reset");
                }
                client.closed().await();
                assertThat(failureOf(client.call("c"))).hasMessageContaining("closed");
            });
            peer.finish();
        }
    }

    @Test
    void an_end_with_calls_unanswered_is_their_failure() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.expectLine("b");
            talk.send("A\n");
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var first = client.call("a");
                var second = client.call("b");
                assertThat(first.await()).isEqualTo("A");
                assertThat(failureOf(second))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(peer.address().toString())
                        .hasMessageContaining("ended its stream with 1 call unanswered");
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void an_end_while_nothing_is_pending_is_no_failure() throws Exception {
        try (var peer = RawPeer.listening(talk -> {})) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                client.closed().await();
                assertThat(failureOf(client.call("a"))).hasMessageContaining("is closed");
            });
            peer.finish();
        }
    }

    @Test
    void closing_fails_what_is_pending() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.expectEnd();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var pending = client.call("a");
                client.close();
                client.closed().await();
                assertThat(failureOf(pending)).isInstanceOf(IOException.class).hasMessageContaining("was closed");
            });
            peer.finish();
        }
    }

    @Test
    void finish_takes_no_more_calls_and_waits_for_the_answers() throws Exception {
        var finishing = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.waitFor(finishing);
            talk.send("A\n");
            talk.expectLine("b");
            talk.send("B\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(1, WhenFull.WAIT);
                var client = loop.connect(peer.address(), protocol).await();
                var sent = client.call("a");
                var waiting = client.call("b");
                var finished = client.finish();
                finishing.countDown();
                assertThat(failureOf(client.call("c"))).hasMessageContaining("closed");
                assertThat(sent.await()).isEqualTo("A");
                assertThat(waiting.await()).isEqualTo("B");
                finished.await();
            });
            peer.finish();
        }
    }

    @Test
    void finish_with_nothing_pending_closes_at_once() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.expectEnd())) {
            Client<String, String> client =
                    within(() -> loop.connect(peer.address(), Lines.inOrder()).await());
            client.finish().await();
            peer.finish();
        }
    }

    @Test
    void finish_does_not_wait_for_answers_that_nobody_wants_any_more() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.expectLine("b");
            talk.expectEnd();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                client.call("a").cancel();
                var late = client.call("b", Duration.ofMillis(20));
                client.finish().timeout(Duration.ofSeconds(3)).await();
                assertThat(late.isDone()).isTrue();
                assertThat(late.failure()).hasCauseInstanceOf(rill.DeadlineException.class);
            });
            peer.finish();
        }
    }

    @Test
    void closing_the_loop_waits_for_answers_like_finish() throws Exception {
        var closing = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.waitFor(closing);
            talk.send("A\n");
            talk.expectEnd();
        })) {
            Future<String> call = within(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var pending = client.call("a");
                closing.countDown();
                return pending.map(answer -> answer + "!");
            });
            loop.close(PATIENCE);
            assertThat(call.result()).isEqualTo("A!");
            peer.finish();
        }
    }

    // ---- ownership: bites are buffers of one length, so that messages hold buffers

    private static ByteBuf request(List<ByteBuf> all, String text) {
        ByteBuf request = Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        all.add(request);
        return request;
    }

    private static ClientProtocol<ByteBuf, ByteBuf> bites() {
        return ClientProtocol.inOrder(Pipeline.of(new Bites(4)));
    }

    @Test
    void requests_and_answers_are_released_once_each_whatever_becomes_of_their_calls() throws Exception {
        var all = new ArrayList<ByteBuf>();
        var answer = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.readExactly(12);
            talk.waitFor(answer);
            talk.send("AAAABBBBCCCC");
            talk.readExactly(4);
            talk.reset();
        })) {
            task(() -> {
                var protocol = bites().inFlight(3, WhenFull.WAIT).waiting(2);
                var client = loop.connect(peer.address(), protocol).await();
                var answered = client.call(request(all, "aaaa"));
                var cancelled = client.call(request(all, "bbbb"));
                var late = client.call(request(all, "cccc"), Duration.ofMillis(10));
                var waits = client.call(request(all, "dddd"));
                var waitsAndIsCancelled = client.call(request(all, "eeee"));
                assertThat(failureOf(client.call(request(all, "full")))).hasMessageContaining("full");
                cancelled.cancel();
                waitsAndIsCancelled.cancel();
                failureOf(late);
                answer.countDown();
                ByteBuf first = answered.await();
                assertThat(first.toString(StandardCharsets.US_ASCII)).isEqualTo("AAAA");
                assertThat(first.refCnt()).isEqualTo(1);
                first.release();
                assertThat(failureOf(waits)).isInstanceOf(IOException.class);
                client.closed().await();
                assertThat(failureOf(client.call(request(all, "gone")))).hasMessageContaining("closed");
            });
            peer.finish();
            assertThat(all).hasSize(7).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void requests_from_other_threads_are_released_even_if_the_loop_never_sees_them() throws Exception {
        var all = new ArrayList<ByteBuf>();
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            Client<ByteBuf, ByteBuf> client =
                    within(() -> loop.connect(peer.address(), bites()).await());
            var cancelled = client.call(request(all, "aaaa"));
            var pending = client.call(request(all, "bbbb"));
            cancelled.cancel();
            loop.close(Duration.ofMillis(20));
            assertThat(pending.failure()).hasCauseInstanceOf(rill.CancelledException.class);
            var late = client.call(request(all, "late"));
            assertThat(late.failure()).isInstanceOf(IOException.class).hasMessageContaining("closed");
            reports.take(rill.Report.Survivors.class);
            assertThat(all).hasSize(3).allMatch(each -> each.refCnt() == 0);
        }
    }
}
