package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import rill.Loop;
import rill.LoopOptions;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;

/**
 * Requests that two readers may understand differently, and some that only look ambiguous, sent through nginx and haproxy and to our server, each
 * with another request right behind it. Either we read a request as both of them read it, or we refuse it. {@code docs/http.md} lists what they do
 * with those that we refuse.
 */
@Tag("slow")
@Timeout(120)
class HttpAmbiguityTest {
    private static final String NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final Path GUIDE = Path.of("../docs/http.md");
    private static final Path REQUESTS = Path.of("../http/src/test/resources/rill/http/wire");
    private static final Pattern SAID = Pattern.compile("HTTP/1\\.[01] (\\d{3})|(\\[[^\\]]*\\])");
    private static final String BEGIN = "<!-- what nginx and haproxy do: HttpAmbiguityTest -->\n";
    private static final String END = "<!-- end -->\n";

    private record Request(String what, String bytes) {}

    private static List<Request> requests(String file) throws IOException {
        return Files.readAllLines(REQUESTS.resolve(file + "-requests.txt")).stream()
                .map(line -> line.split(" \\| ", 3))
                .map(parts -> new Request(parts[0], unescaped(parts[1])))
                .toList();
    }

    private static String unescaped(String text) {
        return Pattern.compile("\\\\x(..)")
                .matcher(text)
                .replaceAll(hex -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(hex.group(1), 16))))
                .translateEscapes();
    }

    // ---- the readers

    private static LocalServer nginx(int origin) throws IOException {
        return new LocalServer("nginx", 1, (folder, ports) -> {
            Path file = folder.resolve("nginx.conf");
            Files.writeString(file, """
                    daemon off;
                    user root;
                    pid %1$s/nginx.pid;
                    error_log stderr crit;
                    events {}
                    http {
                      access_log off;
                      client_body_temp_path %1$s/b; proxy_temp_path %1$s/p; fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
                      client_header_timeout 1; client_body_timeout 1; keepalive_timeout 1; lingering_close off;
                      server {
                        listen 127.0.0.1:%2$d;
                        location / { proxy_pass http://127.0.0.1:%3$d; proxy_http_version 1.1; proxy_set_header Connection ""; }
                      }
                    }
                    """.formatted(folder, ports[0], origin));
            return List.of("-c", file.toString());
        });
    }

    private static LocalServer haproxy(int origin) throws IOException {
        return new LocalServer("haproxy", 1, (folder, ports) -> {
            Path file = folder.resolve("haproxy.cfg");
            Files.writeString(file, """
                    global
                      maxconn 500
                    defaults
                      mode http
                      timeout connect 10s
                      timeout client 1s
                      timeout server 10s
                      timeout http-request 1s
                      timeout http-keep-alive 1s
                    listen proxy
                      bind 127.0.0.1:%d
                      server origin 127.0.0.1:%d
                    """.formatted(ports[0], origin));
            return List.of("-db", "-f", file.toString());
        });
    }

    /** How the server at this address reads each request: what was read, in brackets, and statuses other than 200. */
    private static Map<String, String> readings(InetSocketAddress at, List<Request> requests) throws Exception {
        var readings = new LinkedHashMap<String, String>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = new LinkedHashMap<String, Future<String>>();
            for (Request each : requests) {
                asked.put(each.what(), threads.submit((Callable<String>) () -> ask(at, each.bytes() + NEXT)));
            }
            for (var each : asked.entrySet()) {
                readings.put(each.getKey(), each.getValue().get());
            }
        }
        return readings;
    }

    private static String ask(InetSocketAddress at, String bytes) throws IOException {
        try (var socket = new Socket(at.getAddress(), at.getPort())) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            String all;
            try {
                all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            } catch (IOException reset) {
                return "closed";
            }
            var said = new ArrayList<String>();
            for (Matcher each = SAID.matcher(all); each.find(); ) {
                if (each.group(2) != null) {
                    said.add(each.group(2));
                } else if (!each.group(1).equals("200") && !each.group(1).equals("100")) {
                    said.add(each.group(1));
                }
            }
            return said.isEmpty() ? "closed" : String.join(" ", said);
        }
    }

    private Map<String, String> ours(List<Request> requests) throws Exception {
        HttpServerOptions options = HttpServerOptions.defaults()
                .headTimeout(Duration.ofSeconds(1))
                .idleTime(Duration.ofSeconds(1))
                .bodyProgress(100, Duration.ofSeconds(1));
        try (Loop loop =
                Loop.open(LoopOptions.defaults().reporter(report -> {})).start()) {
            HttpServer server = HttpServer.serve(
                            loop,
                            Loopback.ANY_PORT,
                            options,
                            request -> request.body()
                                    .text(StandardCharsets.ISO_8859_1)
                                    .map(body -> HttpResponse.text("[" + request.method() + " " + request.target()
                                            + (body.isEmpty() ? "" : " " + body) + "]")))
                    .await();
            return readings((InetSocketAddress) server.address(), requests);
        }
    }

    private static boolean refuses(String reading) {
        return reading.equals("closed") || reading.matches("[45]\\d\\d");
    }

    // ---- the laws

    @Test
    void what_is_ambiguous_is_refused_and_what_is_not_is_read_as_nginx_and_haproxy_read_it() throws Exception {
        List<Request> ambiguous = requests("ambiguous");
        List<Request> plain = requests("plain");
        List<Request> all = new ArrayList<>(ambiguous);
        all.addAll(plain);
        try (var origin = new RecordingOrigin();
                LocalServer nginx = nginx(origin.port());
                LocalServer haproxy = haproxy(origin.port())) {
            Map<String, String> ours = ours(all);
            Map<String, String> nginxs = readings(nginx.address(), all);
            Map<String, String> haproxys = readings(haproxy.address(), all);
            for (Request each : ambiguous) {
                assertThat(ours.get(each.what())).as(each.what()).matches(HttpAmbiguityTest::refuses);
            }
            for (Request each : plain) {
                String reading = ours.get(each.what());
                assertThat(reading).as(each.what()).endsWith("[GET /smuggled]");
                for (Map<String, String> theirs : List.of(nginxs, haproxys)) {
                    String other = theirs.get(each.what());
                    assertThat(refuses(other) || sameRequests(other, reading))
                            .as(each.what() + ": " + other + ", and ours " + reading)
                            .isTrue();
                }
            }
            compare(ambiguous, ours, nginxs, haproxys);
        }
    }

    /** Compares only as far as the other reads: a proxy may close after HTTP/1.0, or after what it does not know. */
    private static boolean sameRequests(String theirs, String ours) {
        return ours.startsWith(theirs);
    }

    /** Compares with the guide, which is valid for the versions that it names. */
    private static void compare(
            List<Request> ambiguous, Map<String, String> ours, Map<String, String> nginx, Map<String, String> haproxy)
            throws Exception {
        String guide = Files.readString(GUIDE);
        int begin = guide.indexOf(BEGIN) + BEGIN.length();
        String there = guide.substring(begin, guide.indexOf(END, begin));
        String versions = "nginx " + version("nginx", "-v") + " and haproxy " + version("haproxy", "-v");
        String table = table(versions, ambiguous, ours, nginx, haproxy);
        if (Boolean.getBoolean("rill.docs.update")) {
            Files.writeString(GUIDE, guide.substring(0, begin) + table + guide.substring(guide.indexOf(END, begin)));
        } else if (there.contains(versions)) {
            assertThat(there).as("to be written anew: -Drill.docs.update=true").isEqualTo(table);
        }
    }

    private static String version(String program, String option) throws Exception {
        Programs.Result result = Programs.run(program, List.of(option));
        Matcher version = Pattern.compile("\\d+\\.\\d+\\.\\d+").matcher(result.output() + result.errors());
        assertThat(version.find()).isTrue();
        return version.group();
    }

    private static String table(
            String versions,
            List<Request> ambiguous,
            Map<String, String> ours,
            Map<String, String> nginx,
            Map<String, String> haproxy) {
        Set<String> refusedByAll = new TreeSet<>();
        var rows = new StringBuilder();
        for (Request each : ambiguous) {
            String what = each.what();
            if (refuses(nginx.get(what)) && refuses(haproxy.get(what))) {
                refusedByAll.add(what);
            } else {
                rows.append("| ").append(what).append(" | ").append(ours.get(what));
                rows.append(" | ").append(shown(nginx.get(what)));
                rows.append(" | ").append(shown(haproxy.get(what))).append(" |\n");
            }
        }
        return "Of " + ambiguous.size() + " ambiguous requests all are refused here; by " + versions + " as well these "
                + refusedByAll.size() + ": " + String.join("; ", refusedByAll)
                + ".\n\nThe others, which one of them reads:\n\n"
                + "| request | Rill | nginx | haproxy |\n|---|---|---|---|\n" + rows;
    }

    private static String shown(String reading) {
        String text = reading.replace("[", "`").replace("]", "`");
        var shown = new StringBuilder();
        for (char c : text.toCharArray()) {
            switch (c) {
                case '\r' -> shown.append("\\r");
                case '\n' -> shown.append("\\n");
                case '\t' -> shown.append("\\t");
                case '|' -> shown.append("\\|");
                default -> shown.append(c < ' ' || c > '~' ? "\\x%02x".formatted((int) c) : String.valueOf(c));
            }
        }
        return shown.toString();
    }
}
