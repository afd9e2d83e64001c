package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.DATE;
import static rill.http.Served.HOST;
import static rill.http.ServedTexts.PLAIN;
import static rill.http.ServedTexts.source;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests answers in gzip. */
@ExtendWith(Leaks.class)
class CompressionTest {
    private static final String LONG = "all work and no play ".repeat(100);
    private static final HttpServerOptions OPTIONS = Served.options().compressFrom(100);

    private static Served serving(HttpResponse response) throws IOException {
        return new Served(OPTIONS, request -> Future.of(response));
    }

    private static String ask(Served served, String fields) throws IOException {
        return served.ask("GET / HTTP/1.1\r\nConnection: close\r\n" + fields + HOST);
    }

    private static String gunzipped(String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        return new String(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String head(String answer) {
        return answer.substring(0, answer.indexOf("\r\n\r\n") + 4);
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    /** Returns the content of the chunks. */
    private static String unchunked(String body) {
        var all = new StringBuilder();
        for (int at = 0; ; ) {
            int line = body.indexOf("\r\n", at);
            int size = Integer.parseInt(body.substring(at, line), 16);
            if (size == 0) {
                return all.toString();
            }
            all.append(body, line + 2, line + 2 + size);
            at = line + 2 + size + 2;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip | true",
                "deflate, GZIP;q=0.5 | true",
                "* | true",
                "x-gzip | true",
                "identity;q=0.5, gzip;q=1.0 | true",
                "gzip;q=0 | false",
                "*;q=0 | false",
                "gzip;q=0, * | false",
                "identity, gzip;q=0.5 | false",
                "gzip;q=many | false",
                "br | false",
                "'' | false"
            })
    void a_client_says_whether_it_takes_it(String accepted, boolean takes) {
        assertThat(Compression.isTaken(HttpFields.of("Accept-Encoding", accepted)))
                .isEqualTo(takes);
        assertThat(Compression.isTaken(HttpFields.none())).isFalse();
    }

    @Test
    void a_text_that_is_not_small_is_compressed_for_who_takes_it_and_says_that_there_are_two_forms()
            throws IOException {
        try (var served = serving(HttpResponse.text(LONG).with("ETag", "\"a\""))) {
            for (int i = 0; i < 2; i++) { // the second one is already made
                String answer = ask(served, "Accept-Encoding: gzip\r\n");
                assertThat(head(answer))
                        .contains("Content-Encoding: gzip\r\n", "Vary: Accept-Encoding\r\n", "ETag: W/\"a\"\r\n")
                        .contains("Content-Length: " + body(answer).length());
                assertThat(gunzipped(body(answer))).isEqualTo(LONG);
                assertThat(body(answer)).hasSizeLessThan(200);
                String plain = ask(served, "");
                assertThat(head(plain))
                        .contains("Vary: Accept-Encoding\r\n", "ETag: \"a\"\r\n")
                        .doesNotContain("Content-Encoding");
                assertThat(body(plain)).isEqualTo(LONG);
            }
        }
    }

    @Test
    void head_says_what_get_would() throws IOException {
        try (var served = serving(HttpResponse.text(LONG))) {
            String get = ask(served, "Accept-Encoding: gzip\r\n");
            String head = served.ask("HEAD / HTTP/1.1\r\nConnection: close\r\nAccept-Encoding: gzip\r\n" + HOST);
            assertThat(head).isEqualTo(head(get));
        }
    }

    @Test
    void what_is_small_or_encoded_or_no_text_or_in_part_stays_as_it_is() throws IOException {
        HttpResponse text = HttpResponse.text(LONG);
        for (HttpResponse response : new HttpResponse[] {
            HttpResponse.text("short"),
            text.with("Content-Encoding", "br"),
            text.with("Content-Type", "image/png"),
            text.with("Cache-Control", "public, No-Transform"),
            text.add("Cache-Control", "public").add("Cache-Control", "no-transform"),
            text.with("Content-Digest", "sha-256=:AA==:"),
            text.status(206).with("Content-Range", "bytes 0-1/2"),
            HttpResponse.of(HttpBody.of(LONG))
        }) {
            try (var served = serving(response)) {
                assertThat(ask(served, "Accept-Encoding: gzip\r\n"))
                        .as("" + response)
                        .doesNotContain("gzip", "Vary");
            }
        }
        try (var served = new Served(request -> Future.of(text))) {
            assertThat(ask(served, "Accept-Encoding: gzip\r\n"))
                    .as("without the option")
                    .doesNotContain("gzip", "Vary");
        }
    }

    @Test
    void each_piece_of_a_stream_can_be_read_when_it_comes() throws IOException {
        var second = new Promise[1];
        try (var served = new Served(OPTIONS, request -> {
            Promise<io.netty.buffer.ByteBuf> later = rill.Loop.current().promise();
            second[0] = later;
            var first = source("data: 1\n\n");
            var count = new int[1];
            return Future.of(HttpResponse.of(HttpBody.stream(() -> switch (count[0]++) {
                        case 0 -> first.next();
                        case 1 -> later;
                        default -> Future.of(null);
                    }))
                    .with("Content-Type", "text/event-stream"));
        })) {
            var client =
                    served.connect().send("GET / HTTP/1.1\r\nConnection: close\r\nAccept-Encoding: gzip\r\n" + HOST);
            String come = client.until("\0\0\u00ff\u00ff\r\n");
            assertThat(head(come)).contains("Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked");
            String chunk = body(come);
            int line = chunk.indexOf("\r\n");
            String bytes = chunk.substring(line + 2, line + 2 + Integer.parseInt(chunk.substring(0, line), 16));
            var stream = new GZIPInputStream(new ByteArrayInputStream(bytes.getBytes(StandardCharsets.ISO_8859_1)));
            assertThat(new String(stream.readNBytes(9), StandardCharsets.UTF_8)).isEqualTo("data: 1\n\n");
            complete(second[0]);
            String rest = client.untilEnd();
            assertThat(gunzipped(unchunked(chunk + rest))).isEqualTo("data: 1\n\ndata: 2\n\n");
        }
    }

    @SuppressWarnings("unchecked")
    private static void complete(Promise<?> promise) {
        ((Promise<io.netty.buffer.ByteBuf>) promise).complete(ServedTexts.bytes("data: 2\n\n"));
    }

    @Test
    void large_bytes_and_files_are_compressed_in_pieces(@TempDir Path folder) throws IOException {
        String large = LONG.repeat(100);
        Path file = folder.resolve("large.txt");
        Files.writeString(file, large);
        for (HttpResponse response : new HttpResponse[] {HttpResponse.text(large), HttpResponse.file(file)}) {
            try (var served = serving(response)) {
                String answer = ask(served, "Accept-Encoding: gzip\r\n");
                assertThat(head(answer)).contains("Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked");
                assertThat(gunzipped(unchunked(body(answer)))).isEqualTo(large);
                assertThat(body(ask(served, ""))).isEqualTo(large);
            }
        }
        try (var served = serving(HttpResponse.file(file))) {
            String part = ask(served, "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n");
            assertThat(part)
                    .startsWith("HTTP/1.1 206 ")
                    .endsWith("\r\n\r\nall ")
                    .contains("Vary: Accept-Encoding\r\n")
                    .doesNotContain("Content-Encoding");
            String whole = head(ask(served, "Accept-Encoding: gzip\r\n"));
            assertThat(whole).contains("Accept-Ranges: none", "ETag: W/");
            int tag = whole.indexOf("ETag: ") + 6;
            String known = "If-None-Match: " + whole.substring(tag, whole.indexOf("\r\n", tag)) + "\r\n";
            assertThat(ask(served, "Accept-Encoding: gzip\r\n" + known))
                    .startsWith("HTTP/1.1 304 ")
                    .contains("Vary: Accept-Encoding\r\n");
        }
    }

    @Test
    void a_piece_that_comes_while_the_answer_is_given_up_is_released() throws IOException {
        io.netty.buffer.ByteBuf piece = ServedTexts.bytes("late");
        try (Loop loop = Loop.open(LoopOptions.defaults().transport(MemoryTransport.calm()))) {
            loop.run(() -> {
                Promise<io.netty.buffer.ByteBuf> later = loop.promise();
                loop.submit(() -> {
                            var gzip = new Gzip(HttpBody.stream(() -> later));
                            Future<?> next = gzip.next();
                            later.complete(piece);
                            gzip.close();
                            next.cancel();
                            return null;
                        })
                        .await();
                loop.delay(Duration.ofMillis(1)).await();
            });
        }
        assertThat(piece.refCnt()).isZero();
    }

    @Test
    void what_comes_after_a_body_comes_after_its_encoded_form_as_well() throws IOException {
        try (var served = new Served(
                OPTIONS, request -> Future.of(HttpResponse.of(request.body()).with("Content-Type", "text/plain")))) {
            String echoed = served.ask("POST / HTTP/1.1\r\nConnection: close\r\nAccept-Encoding: gzip\r\n"
                    + "Transfer-Encoding: chunked\r\n" + HOST + "1\r\na\r\n0\r\nX-Sum: 97\r\n\r\n");
            assertThat(head(echoed)).contains("Content-Encoding: gzip\r\n");
            assertThat(echoed.toLowerCase(Locale.ROOT)).endsWith("0\r\nx-sum: 97\r\n\r\n");
        }
    }

    @Test
    void the_body_of_an_answer_without_the_option_is_as_it_was() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.text("abc")))) {
            assertThat(ask(served, "Accept-Encoding: gzip\r\n"))
                    .isEqualTo(
                            "HTTP/1.1 200 OK\r\n" + PLAIN + DATE + "Content-Length: 3\r\nConnection: close\r\n\r\nabc");
        }
    }
}
