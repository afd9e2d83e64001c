package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static rill.http.Served.HOST;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Future;
import rill.testkit.Leaks;

/** Tests files as answers. */
@ExtendWith(Leaks.class)
class FileBodyTest {
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";

    @TempDir
    private Path folder;

    private Path below;

    @BeforeEach
    void write() throws IOException {
        below = Files.createDirectory(folder.resolve("below"));
        Files.writeString(below.resolve("a b.txt"), "0123456789");
        Files.setLastModifiedTime(below.resolve("a b.txt"), FileTime.from(Instant.ofEpochSecond(784111777)));
        Files.writeString(below.resolve("empty.html"), "");
        Files.writeString(folder.resolve("secret"), "secret");
        Files.createSymbolicLink(below.resolve("link"), folder.resolve("secret"));
        Files.createDirectory(below.resolve("dir"));
    }

    @Test
    void a_file_that_nobody_wants_when_it_is_open_is_closed() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(204)))) {
            Path file = below.resolve("a b.txt");
            new FileBody(file).open(served.loop).cancel();
            served.pass(java.time.Duration.ofSeconds(1));
            try (var open = Files.list(Path.of("/proc/self/fd"))) {
                assertThat(open.map(FileBodyTest::target)).doesNotContain(file.toRealPath());
            }
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException closedMeanwhile) {
            return link;
        }
    }

    private String get(String path, String... fields) throws IOException {
        return ask("GET", path, fields);
    }

    private String ask(String method, String path, String... fields) throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.fileBelow(below, request.path())))) {
            String more = String.join("\r\n", fields) + (fields.length == 0 ? "" : "\r\n");
            return served.ask(method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" + more + HOST);
        }
    }

    @Test
    void a_file_is_sent_with_what_its_name_tells() throws IOException {
        assertThat(get("/a%20b.txt"))
                .startsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nETag: \"")
                .contains("Last-Modified: " + MODIFIED, "Accept-Ranges: bytes", "Content-Length: 10\r\n")
                .endsWith("\r\n\r\n0123456789");
        assertThat(get("/empty.html"))
                .contains("text/html", "Content-Length: 0")
                .endsWith("\r\n\r\n");
        assertThat(ask("HEAD", "/a%20b.txt")).contains("Content-Length: 10").endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../secret",
                "/%2e%2e/secret",
                "/dir/../../secret",
                "/..%2fsecret",
                "/link",
                "/dir",
                "/",
                "/nothing",
                "/a%20b.txt/x",
                "/%00",
                "/%zz",
                "/a%5Cb"
            })
    void what_leads_out_of_the_folder_is_not_found(String path) throws IOException {
        assertThat(get(path)).startsWith("HTTP/1.1 404 ").doesNotContain("secret");
    }

    @Test
    void what_no_file_can_be_called_is_not_found() throws IOException {
        assertThat(get("/" + "a".repeat(1000))).startsWith("HTTP/1.1 404 ");
    }

    @ParameterizedTest
    @CsvSource({
        "0-0, 0, 0-0",
        "2-4, 234, 2-4",
        "7-, 789, 7-9",
        "-3, 789, 7-9",
        "5-99, 56789, 5-9",
        "-99, 0123456789, 0-9"
    })
    void a_part_is_sent_where_a_part_is_asked_for(String range, String part, String told) throws IOException {
        assertThat(get("/a%20b.txt", "Range: bytes=" + range))
                .startsWith("HTTP/1.1 206 ")
                .contains("Content-Range: bytes " + told + "/10\r\n", "Content-Length: " + part.length() + "\r\n")
                .endsWith("\r\n\r\n" + part);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=4-2",
                "bytes=0-1,3-4",
                "lines=1-2",
                "bytes=0--1",
                "bytes=99999999999999999999-"
            })
    void ranges_that_are_none_are_answered_with_all_of_it(String range) throws IOException {
        assertThat(get("/a%20b.txt", "Range: " + range))
                .startsWith("HTTP/1.1 200 ")
                .endsWith("\r\n\r\n0123456789");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10-", "99-100", "-0"})
    void a_range_beyond_the_end_is_answered_with_416(String range) throws IOException {
        assertThat(get("/a%20b.txt", "Range: bytes=" + range))
                .startsWith("HTTP/1.1 416 ")
                .contains("Content-Range: bytes */10");
    }

    @Test
    void who_has_it_already_is_told_so() throws IOException {
        String tag = get("/a%20b.txt")
                .lines()
                .filter(line -> line.startsWith("ETag: "))
                .findFirst()
                .orElseThrow()
                .substring(6);
        assertThat(get("/a%20b.txt", "If-None-Match: \"x\", W/" + tag))
                .startsWith("HTTP/1.1 304 ")
                .endsWith("\r\n\r\n");
        assertThat(get("/a%20b.txt", "If-None-Match: \"x\"")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: " + MODIFIED)).startsWith("HTTP/1.1 304 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"))
                .startsWith("HTTP/1.1 304 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: Sun Nov  6 08:49:37 1994"))
                .startsWith("HTTP/1.1 304 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: Saturday, 05-Nov-94 08:49:37 GMT"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Modified-Since: yesterday")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "Range: bytes=0-0", "If-Range: " + tag)).startsWith("HTTP/1.1 206 ");
        assertThat(get("/a%20b.txt", "Range: bytes=0-0", "If-Range: \"x\"")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void a_file_may_be_the_answer_again_and_again() throws IOException {
        HttpResponse file = HttpResponse.file(below.resolve("a b.txt"));
        try (var served = new Served(request -> Future.of(file))) {
            var client = served.connect();
            for (int i = 0; i < 3; i++) {
                assertThat(client.send("GET / HTTP/1.1\r\n" + HOST).until("0123456789"))
                        .startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "", "./."})
    void a_folder_may_be_named_from_where_the_process_is(String here) throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.fileBelow(Path.of(here), request.path())))) {
            String ask = " HTTP/1.1\r\nConnection: close\r\n" + HOST;
            Path some;
            try (var files = Files.list(Path.of("."))) {
                some = files.filter(Files::isRegularFile).findFirst().orElseThrow();
            }
            assertThat(served.ask("HEAD /" + some.getFileName() + ask)).startsWith("HTTP/1.1 200 ");
            assertThat(served.ask(
                            "GET /../" + Path.of("").toAbsolutePath().getFileName() + "/" + some.getFileName() + ask))
                    .startsWith("HTTP/1.1 404 ");
        }
    }

    private String tagOf(String path) throws IOException {
        return get(path)
                .lines()
                .filter(line -> line.startsWith("ETag: "))
                .findFirst()
                .orElseThrow()
                .substring(6);
    }

    @Test
    void who_wants_another_version_of_a_file_is_told_that_it_is_not_there() throws IOException {
        String tag = tagOf("/a%20b.txt");
        assertThat(get("/a%20b.txt", "If-Match: \"x\""))
                .startsWith("HTTP/1.1 412 ")
                .endsWith("\r\n\r\n");
        assertThat(get("/a%20b.txt", "If-Match: W/" + tag)).startsWith("HTTP/1.1 412 ");
        assertThat(get("/a%20b.txt", "If-Match: \"x\", " + tag)).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Match: *")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Match: \"x\"", "If-None-Match: " + tag))
                .startsWith("HTTP/1.1 412 ");
        assertThat(get("/a%20b.txt", "If-Match: " + tag, "If-None-Match: " + tag))
                .startsWith("HTTP/1.1 304 ");
        assertThat(get("/a%20b.txt", "If-Match: " + tag, "If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Unmodified-Since: " + MODIFIED)).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Unmodified-Since: Sat Nov  5 08:49:37 1994"))
                .startsWith("HTTP/1.1 412 ");
        assertThat(get("/a%20b.txt", "If-Unmodified-Since: yesterday")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/a%20b.txt", "If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT"))
                .startsWith("HTTP/1.1 412 ");
        assertThat(ask("HEAD", "/a%20b.txt", "If-Match: \"x\"")).startsWith("HTTP/1.1 412 ");
    }

    @Test
    void a_file_that_has_changed_within_a_second_has_another_tag() throws IOException {
        String before = tagOf("/a%20b.txt");
        Files.setLastModifiedTime(
                below.resolve("a b.txt"),
                FileTime.from(Instant.ofEpochSecond(784111777).plusNanos(5_000_000)));
        assertThat(tagOf("/a%20b.txt")).isNotEqualTo(before);
    }

    @Test
    void a_tag_and_a_date_of_the_handler_take_the_place_of_those_of_the_file() throws IOException {
        Path file = below.resolve("a b.txt");
        try (var served = new Served(request -> Future.of(HttpResponse.file(file)
                .with("ETag", "\"one, two\"")
                .with("Last-Modified", "Sat, 05 Nov 1994 08:49:37 GMT")
                .with("Accept-Ranges", "none")))) {
            String ask = "GET / HTTP/1.1\r\nConnection: close\r\n";
            assertThat(served.ask(ask + HOST))
                    .containsOnlyOnce("ETag: ")
                    .contains("ETag: \"one, two\"\r\n")
                    .containsOnlyOnce("Last-Modified: ")
                    .containsOnlyOnce("Accept-Ranges: ");
            assertThat(served.ask(ask + "If-None-Match: \"a\", W/\"one, two\"\r\n" + HOST))
                    .startsWith("HTTP/1.1 304 ");
            assertThat(served.ask(ask + "If-None-Match: \"two\"\r\n" + HOST)).startsWith("HTTP/1.1 200 ");
            assertThat(served.ask(ask + "If-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT\r\n" + HOST))
                    .startsWith("HTTP/1.1 304 ");
        }
    }

    @Test
    void a_weak_tag_of_the_handler_is_no_proof_that_a_file_is_the_same() throws IOException {
        HttpResponse file = HttpResponse.file(below.resolve("a b.txt")).with("ETag", "W/\"1\"");
        try (var served = new Served(request -> Future.of(file))) {
            String ask = "GET / HTTP/1.1\r\nConnection: close\r\n";
            assertThat(served.ask(ask + "If-Match: W/\"1\"\r\n" + HOST)).startsWith("HTTP/1.1 412 ");
            assertThat(served.ask(ask + "If-None-Match: \"1\"\r\n" + HOST)).startsWith("HTTP/1.1 304 ");
            assertThat(served.ask(ask + "Range: bytes=0-0\r\nIf-Range: W/\"1\"\r\n" + HOST))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    // ---- files that change while they are opened

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    private static String content(FileChannel channel) throws IOException {
        var bytes = ByteBuffer.allocate((int) channel.size());
        channel.read(bytes, 0);
        return new String(bytes.array(), StandardCharsets.US_ASCII);
    }

    /** Replaces the file by this content, as it is done in order that nobody sees half of it. */
    private void replace(Path file, String content, long seconds) throws IOException {
        Path other = Files.writeString(folder.resolve("new"), content);
        Files.setLastModifiedTime(other, FileTime.from(Instant.ofEpochSecond(seconds)));
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void requireOf(FileBody.Opened opened, String content, long seconds) throws IOException {
        try (FileChannel channel = opened.channel()) {
            assertThat(content(channel)).isEqualTo(content);
            assertThat(opened.length()).isEqualTo(content.length());
            assertThat(opened.modifiedNanos()).isEqualTo(seconds * 1_000_000_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"of another length, 1000", "9876543210, 1000", "9876543210, 784111777"})
    void a_file_that_is_replaced_when_it_is_opened_is_told_as_what_was_opened(String content, long seconds)
            throws IOException {
        Path file = below.resolve("a b.txt");
        var opened = new ArrayList<FileChannel>();
        requireOf(
                FileBody.opened(file, path -> {
                    if (opened.isEmpty()) {
                        replace(path, content, seconds); // between the look at it and its opening
                    }
                    opened.add(open(path));
                    return opened.getLast();
                }),
                content,
                seconds);
        assertThat(opened).hasSize(2).noneMatch(FileChannel::isOpen);
        opened.clear();
        requireOf(
                FileBody.opened(file, path -> {
                    opened.add(open(path));
                    if (opened.size() == 1) {
                        replace(path, "after it was opened", 5);
                    }
                    return opened.getLast();
                }),
                "after it was opened",
                5);
        assertThat(opened).hasSize(2).noneMatch(FileChannel::isOpen);
    }

    @Test
    void a_file_that_changes_without_end_is_opened_all_the_same_with_the_length_of_what_is_there() throws IOException {
        Path file = below.resolve("a b.txt");
        var opened = new ArrayList<FileChannel>();
        FileBody.Opened last = FileBody.opened(file, path -> {
            opened.add(open(path));
            replace(path, "x".repeat(opened.size()), opened.size());
            return opened.getLast();
        });
        assertThat(last.channel()).isSameAs(opened.removeLast());
        assertThat(last.length()).isEqualTo(last.channel().size());
        last.channel().close();
        assertThat(opened).isNotEmpty().noneMatch(FileChannel::isOpen);
    }

    @Test
    void a_file_that_vanishes_when_it_is_opened_is_not_found_and_leaves_nothing_open() throws IOException {
        Path file = below.resolve("a b.txt");
        var opened = new ArrayList<FileChannel>();
        assertThatThrownBy(() -> FileBody.opened(file, path -> {
                    opened.add(open(path));
                    Files.delete(path);
                    return opened.getLast();
                }))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(opened).hasSize(1).noneMatch(FileChannel::isOpen);
    }

    private boolean isOpen(Path file) throws IOException {
        Path real = file.toRealPath();
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.map(FileBodyTest::target).anyMatch(real::equals);
        }
    }

    @Test
    void a_piece_of_a_file_is_asked_for_when_the_last_one_has_come() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(204)))) {
            Path file = below.resolve("a b.txt");
            HttpBody body = HttpBody.file(file);
            String got = served.loop.run(() -> {
                Future<ByteBuf> first = body.next();
                assertThatThrownBy(body::next)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("has not come yet");
                ByteBuf piece = first.await();
                String text = piece.toString(StandardCharsets.US_ASCII);
                piece.release();
                assertThat(body.next().await()).isNull();
                body.close();
                served.loop.delay(java.time.Duration.ofSeconds(1)).await();
                return text;
            });
            assertThat(got).isEqualTo("0123456789");
            served.pass(java.time.Duration.ofSeconds(1));
            assertThat(isOpen(file)).isFalse();
        }
    }

    @Test
    void a_file_is_closed_where_there_is_no_loop() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(204)))) {
            Path file = below.resolve("a b.txt");
            HttpBody body = HttpBody.file(file);
            served.loop.run(() -> body.next().await().release());
            assertThat(isOpen(file)).isTrue();
            body.close();
            assertThat(isOpen(file)).isFalse();
        }
    }
}
