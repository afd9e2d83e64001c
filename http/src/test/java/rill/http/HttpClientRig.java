package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.ScriptedServer.Peer;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** A client against scripted servers, on a transport in memory and in virtual time. */
@ExtendWith(Leaks.class)
abstract class HttpClientRig {
    static final String OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";
    static final HttpClientOptions DEFAULTS = HttpClientOptions.defaults();

    final List<Report> reports = new ArrayList<>();
    final MemoryTransport memory = new MemoryTransport(7);
    final Loop loop = open();

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults().transport(memory).reporter(this::note));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void note(Report report) {
        if (!(report instanceof Report.Note) && !(report instanceof Report.Slow)) {
            reports.add(report);
        }
    }

    @AfterEach
    void close() {
        loop.close();
        assertThat(reports).isEmpty();
        assertThat(memory.left()).isEmpty();
    }

    final ScriptedServer server(BiConsumer<Peer, String> handler) throws IOException {
        return new ScriptedServer(loop, handler);
    }

    final HttpClient client() {
        return HttpClient.on(loop);
    }

    static String text(HttpClient client, String uri) throws IOException {
        return client.get(uri).await().text().await();
    }

    static void assertFails(Future<?> call, Fate fate, String why) {
        assertThatThrownBy(call::await)
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate()).isEqualTo(fate))
                .hasMessageContaining(why);
    }

    final HttpBody.Source pieces(String... pieces) {
        var next = new AtomicInteger();
        return () -> loop.done(
                next.get() < pieces.length
                        ? Unpooled.copiedBuffer(pieces[next.getAndIncrement()], StandardCharsets.US_ASCII)
                        : null);
    }
}
