package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static rill.http.Served.HOST;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.Report;
import rill.Service;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests bodies of requests that are written to files. */
@ExtendWith(Leaks.class)
class SavingTest {
    private static final String PUT = "PUT /a.txt HTTP/1.1\r\nConnection: close\r\n";

    @TempDir
    private Path above;

    private Path folder;
    private final List<Long> told = new ArrayList<>();

    @BeforeEach
    void make() throws IOException {
        folder = Files.createDirectory(above.resolve("folder"));
        Files.createDirectory(folder.resolve("inside"));
        Files.createSymbolicLink(folder.resolve("out"), above);
        Files.createSymbolicLink(folder.resolve("link"), above.resolve("secret"));
        Files.writeString(above.resolve("secret"), "secret");
    }

    private Service<HttpRequest, HttpResponse> saving(long limit) {
        return request -> request.body()
                .saveBelow(folder, request.path(), limit, told::add)
                .map(size -> HttpResponse.text(size + " bytes").status(201));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(each -> each.getFileName().toString())
                    .filter(name -> !List.of("inside", "out", "link").contains(name))
                    .toList();
        }
    }

    @Test
    void a_body_becomes_a_file_and_its_progress_is_told() throws IOException {
        try (var served = new Served(saving(100_000))) {
            String body = "0123456789".repeat(5_000);
            var client = served.connect().send(PUT + "Content-Length: 50000\r\n" + HOST);
            for (int at = 0; at < body.length(); at += 10_000) {
                client.send(body.substring(at, at + 10_000));
                served.pass(Duration.ofMillis(1));
            }
            assertThat(client.untilEnd()).startsWith("HTTP/1.1 201 ").endsWith("50000 bytes");
            assertThat(folder.resolve("a.txt")).hasContent(body);
            assertThat(told).isSorted().endsWith(50_000L);
            assertThat(served.ask(PUT + "Content-Length: 3\r\n" + HOST + "new")).endsWith("3 bytes");
            assertThat(folder.resolve("a.txt")).as("replaced").hasContent("new");
            assertThat(served.ask("PUT /inside/b%20c HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .endsWith("0 bytes");
            assertThat(folder.resolve("inside/b c")).isEmptyFile();
            assertThat(names()).containsExactly("a.txt");
        }
    }

    @Test
    void a_body_that_is_too_large_or_breaks_off_leaves_nothing_and_what_was_there() throws IOException {
        Files.writeString(folder.resolve("a.txt"), "before");
        try (var served = new Served(saving(10))) {
            assertThat(served.ask(PUT + "Content-Length: 11\r\n" + HOST + "01234567890"))
                    .startsWith("HTTP/1.1 413 ");
            assertThat(served.ask(
                            PUT + "Transfer-Encoding: chunked\r\n" + HOST + "6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n"))
                    .startsWith("HTTP/1.1 413 ");
            var client = served.connect().send(PUT + "Content-Length: 10\r\n" + HOST + "01234");
            served.drive(() -> told.contains(5L));
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            served.pass(Duration.ofSeconds(1));
            assertThat(names()).containsExactly("a.txt");
            assertThat(folder.resolve("a.txt")).hasContent("before");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../x",
                "/%2e%2e/x",
                "/out/x",
                "/inside",
                "/inside/",
                "/",
                "//",
                "/missing/x",
                "/..%5cx",
                "/x%00",
                "/.hidden/../x",
                "/link/x"
            })
    void nothing_is_written_outside_of_the_folder(String path) throws IOException {
        try (var served = new Served(saving(10))) {
            assertThat(served.ask(
                            "PUT " + path + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n" + HOST + "x"))
                    .startsWith("HTTP/1.1 404 ");
            assertThat(names()).isEmpty();
            assertThat(above.resolve("x")).doesNotExist();
        }
    }

    @Test
    void what_a_visitor_asks_for_and_nothing_can_be_is_no_failure_of_the_server() throws IOException {
        Files.writeString(folder.resolve("a.txt"), "a file");
        String long256 = "n".repeat(256);
        try (var served = new Served(saving(10))) {
            for (String path : List.of("/a.txt/x", "/" + long256, "/" + long256 + "/x")) {
                assertThat(served.ask(
                                "PUT " + path + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n" + HOST + "x"))
                        .as(path)
                        .startsWith("HTTP/1.1 404 ");
            }
            assertThat(names()).containsExactly("a.txt");
            assertThat(told).as("none of the body is written first").isEmpty();
        }
    }

    @Test
    void a_loop_that_closes_while_a_piece_is_written_leaves_nothing() throws IOException {
        for (int i = 0; i < 20; i++) { // each seed orders the work of threads and loops differently
            var memory = new MemoryTransport(i);
            Loop loop = Loop.open(LoopOptions.defaults().transport(memory));
            loop.run(() -> {
                var body = HttpBody.stream(() -> loop.done(Unpooled.copiedBuffer("x", StandardCharsets.US_ASCII)));
                Promise<Void> begun = loop.promise();
                body.saveTo(folder.resolve("a.txt"), Long.MAX_VALUE, size -> begun.complete(null))
                        .onDone((size, failure) -> {});
                begun.await();
            });
            loop.close(Duration.ZERO);
            memory.pass(Duration.ofSeconds(1));
            assertThat(names()).as("seed " + i).isEmpty();
        }
    }

    /** A source that delivers a piece at once, and the next when the test says so. */
    private static final class Halting implements HttpBody.Source {
        private final Loop loop;
        private @Nullable Promise<@Nullable ByteBuf> rest;
        private int asked;
        private int closed;

        Halting(Loop loop) {
            this.loop = loop;
        }

        @Override
        public Future<@Nullable ByteBuf> next() {
            if (asked++ == 0) {
                return loop.done(Unpooled.copiedBuffer("x", StandardCharsets.US_ASCII));
            }
            rest = loop.promise();
            return rest;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_loop_that_closes_while_a_piece_is_waited_for_leaves_nothing(boolean fromAnotherLoop) throws IOException {
        var memory = new MemoryTransport(1);
        try (Loop other = Loop.open(LoopOptions.defaults().transport(memory))) {
            Loop loop = Loop.open(LoopOptions.defaults().transport(memory));
            var source = new Halting(fromAnotherLoop ? other : loop);
            loop.run(() -> {
                Promise<Void> begun = loop.promise();
                HttpBody.stream(source)
                        .saveTo(folder.resolve("a.txt"), Long.MAX_VALUE, size -> begun.complete(null))
                        .onDone((size, failure) -> {});
                begun.await();
                loop.delay(Duration.ofSeconds(1)).await();
            });
            assertThat(names()).singleElement().asString().endsWith(".part");
            loop.close(Duration.ZERO);
            memory.pass(Duration.ofSeconds(1));
            assertThat(names()).isEmpty();
            assertThat(source.closed).isOne();
            if (fromAnotherLoop) {
                other.run(() -> {
                    source.rest.complete(Unpooled.copiedBuffer("late", StandardCharsets.US_ASCII));
                    other.delay(Duration.ofSeconds(1)).await();
                });
            }
            assertThat(names()).isEmpty();
        }
    }

    /** It breaks the contract of a source, as null for the end of the body would. */
    @Test
    @SuppressWarnings("NullAway")
    void a_source_that_returns_null_instead_of_a_Future_fails_and_leaves_no_file() throws IOException {
        var memory = new MemoryTransport(1);
        try (Loop loop = Loop.open(LoopOptions.defaults().transport(memory))) {
            var asked = new int[1];
            HttpBody body = HttpBody.stream(() -> asked[0]++ == 0
                    ? loop.<@Nullable ByteBuf>submit(() -> Unpooled.copiedBuffer("first", StandardCharsets.US_ASCII))
                    : null);
            loop.run(() -> {
                Future<Long> saved = body.saveTo(folder.resolve("a.txt"), 100);
                assertThatThrownBy(saved::await).isInstanceOf(NullPointerException.class);
                loop.delay(Duration.ofSeconds(1)).await();
            });
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void a_body_that_was_saved_is_closed_as_its_source_is() throws IOException {
        var closed = new ArrayList<String>();
        Loop loop = Loop.open(LoopOptions.defaults().transport(MemoryTransport.calm()));
        try (loop) {
            loop.run(() -> {
                var source = new HttpBody.Source() {
                    @Override
                    public Future<@Nullable ByteBuf> next() {
                        return Future.of(null);
                    }

                    @Override
                    public void close() {
                        closed.add("source");
                    }
                };
                HttpBody.stream(source).saveTo(folder.resolve("a.txt"), 10).await();
                HttpBody.stream(source).bytes().await();
            });
        }
        assertThat(closed).containsExactly("source", "source");
    }

    @Test
    void a_link_is_replaced_and_what_it_leads_to_is_not() throws IOException {
        try (var served = new Served(saving(10))) {
            assertThat(served.ask("PUT /link HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n" + HOST + "x"))
                    .startsWith("HTTP/1.1 201 ");
            assertThat(folder.resolve("link")).isRegularFile().hasContent("x");
            assertThat(above.resolve("secret")).hasContent("secret");
        }
    }

    @Test
    void what_is_given_up_is_deleted() throws IOException {
        try (var served = new Served(request -> request.body()
                .saveTo(folder.resolve("a.txt"), 100)
                .timeout(Duration.ofSeconds(5))
                .map(size -> HttpResponse.of(201))
                .recover(failure -> HttpResponse.text("too slow").status(408)))) {
            var client = served.connect().send(PUT + "Content-Length: 10\r\n" + HOST + "01234");
            assertThat(client.until("too slow")).startsWith("HTTP/1.1 408 ");
            served.pass(Duration.ofSeconds(1));
            assertThat(names()).isEmpty();
            client.connection.close();
            served.drive(() -> served.server.connections() == 0);
            served.reports.clear();
        }
    }

    @Test
    void who_is_told_of_progress_and_throws_ends_it() throws IOException {
        try (var served = new Served(request -> request.body()
                .saveTo(folder.resolve("a.txt"), 100, size -> {
                    throw new IllegalStateException("no more");
                })
                .map(size -> HttpResponse.of(201)))) {
            assertThat(served.ask(PUT + "Content-Length: 1\r\n" + HOST + "x")).startsWith("HTTP/1.1 500 ");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessage("no more");
            served.pass(Duration.ofSeconds(1));
            assertThat(names()).isEmpty();
        }
    }

    @Test
    void a_body_that_was_read_is_not_taken_for_an_empty_one() throws IOException {
        for (Service<HttpRequest, HttpResponse> twice : List.<Service<HttpRequest, HttpResponse>>of(
                request -> request.body()
                        .text()
                        .flatMap(text -> request.body().text())
                        .map(HttpResponse::text),
                request -> request.body()
                        .next()
                        .map(piece -> piece.release())
                        .flatMap(piece -> request.body().text())
                        .map(HttpResponse::text),
                request ->
                        request.body().text().flatMap(text -> request.form()).map(form -> HttpResponse.text("" + form)),
                request -> request.body()
                        .text()
                        .flatMap(text -> request.body().saveTo(folder.resolve("a.txt"), 10))
                        .map(size -> HttpResponse.text("" + size)))) {
            try (var served = new Served(twice)) {
                assertThat(served.ask(PUT + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
                                + HOST + "a=b"))
                        .startsWith("HTTP/1.1 500 ");
                assertThat(served.reported(Report.Thrown.class).cause())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was read before");
                assertThat(names()).isEmpty();
            }
        }
    }

    @Test
    void the_next_piece_after_the_end_is_still_none() throws IOException {
        try (var served = new Served(request -> request.body()
                .text()
                .flatMap(text -> request.body().next())
                .map(piece -> HttpResponse.text("" + piece)))) {
            assertThat(served.ask(PUT + "Content-Length: 1\r\n" + HOST + "x")).endsWith("null");
        }
    }
}
