package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rill.ConnectOptions;
import rill.Connection;
import rill.Loop;
import rill.Pipeline;
import rill.examples.sim.HttpServing.Asked;
import rill.examples.sim.HttpServing.Run;

/** A peer of {@link HttpServing} that treats HTTP as plain bytes; from its host's start to a crash or the end of the run. */
final class HttpPeer {
    private static final Duration PATIENCE = Duration.ofSeconds(4);
    private static final Pattern LENGTH = Pattern.compile("content-length: (\\d+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern CHUNKED = Pattern.compile("transfer-encoding: chunked", Pattern.CASE_INSENSITIVE);
    private static final List<String> FORBIDDEN = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
            "POST /w/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /t/x HTTP/1.1\r\n\r\n",
            "GET /t/x HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
            "GET /t/x HTTP/1.1\nHost: a\n\n",
            "\0");

    final Loop loop;
    private final Run run;
    private final String name;
    private final ArrayList<Asked> unanswered = new ArrayList<>();
    boolean answeredSince;

    HttpPeer(Run run, Loop loop, String name) {
        this.run = run;
        this.loop = loop;
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }

    void later() {
        loop.schedule(Duration.ofMillis(loop.random().nextInt(400)), "a visit", () -> {
            if (!run.stopping) {
                loop.connect(
                                InetSocketAddress.createUnresolved("server", HttpServing.PORT),
                                Pipeline.bytes(),
                                ConnectOptions.defaults().timeout(PATIENCE))
                        .onDone((connection, failure) -> {
                            if (connection != null) {
                                new Visit(connection).begin();
                            }
                        });
                later();
            }
        });
    }

    /** One connection: what was sent on it, and what has come back. */
    private final class Visit {
        private final Connection<ByteBuf, ByteBuf> connection;
        private final RandomGenerator random = loop.random();
        private final ArrayDeque<Asked> asked = new ArrayDeque<>();
        private final StringBuilder came = new StringBuilder();
        private final boolean sinceCalm = run.calm();
        private String saying = "";
        private boolean forbidden; // sent at the end
        private boolean over;

        Visit(Connection<ByteBuf, ByteBuf> connection) {
            this.connection = connection;
        }

        void begin() {
            connection.onFailure(failure -> ended()).onMessage(this::heard, this::ended);
            connection.closed().onDone((nothing, never) -> ended());
            loop.schedule(PATIENCE.multipliedBy(2), "patience", () -> {
                connection.abort();
                ended();
            });
            var words = new StringBuilder();
            for (int i = random.nextInt(5); i >= 0; i--) {
                Asked one = unanswered.isEmpty() || random.nextBoolean()
                        ? Asked.drawn(run, name, random)
                        : unanswered.removeFirst();
                asked.add(one);
                words.append(one.said(random));
            }
            forbidden = random.nextInt(8) == 0;
            if (forbidden) {
                words.append(FORBIDDEN.get(random.nextInt(FORBIDDEN.size())))
                        .append("GET /t/smuggled-" + run.begun + " HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            saying = words.toString();
            say();
        }

        private void say() {
            if (over || saying.isEmpty()) {
                return;
            }
            if (random.nextInt(100) == 0) {
                connection.abort();
                return;
            }
            int size = Math.min(saying.length(), 1 + random.nextInt(1 + random.nextInt(8_000)));
            connection.write(Unpooled.copiedBuffer(saying.substring(0, size), StandardCharsets.ISO_8859_1));
            saying = saying.substring(size);
            int pause = random.nextInt(60) == 0 ? 3_000 : random.nextInt(3) == 0 ? 20 : 0;
            loop.schedule(Duration.ofMillis(random.nextInt(1 + pause)), "say more", this::say);
        }

        private void heard(ByteBuf bytes) {
            came.append(bytes.toString(StandardCharsets.ISO_8859_1));
            bytes.release();
            for (int end = answer(); end > 0; end = over ? 0 : answer()) {
                came.delete(0, end);
            }
            if (random.nextInt(20) == 0 && !over) {
                connection.pause();
                loop.schedule(Duration.ofMillis(random.nextInt(500)), "read on", connection::resume);
            }
        }

        /** Returns where the current answer ends; 0 if it is incomplete. */
        private int answer() {
            int head = came.indexOf("\r\n\r\n");
            if (head < 0) {
                return 0;
            }
            String fields = came.substring(0, head + 2);
            int status = Integer.parseInt(fields.substring(9, 12));
            if (status != 200) {
                refused(status);
                return 0;
            }
            Asked one = asked.peek();
            if (one == null) {
                run.findings.require(false, "an answer that nobody has asked for: " + fields);
                return 0;
            }
            @Nullable String body = "";
            int end = head + 4;
            Matcher length = LENGTH.matcher(fields);
            if (!one.head() && CHUNKED.matcher(fields).find()) {
                var text = new StringBuilder();
                end = chunks(end, text);
                body = text.toString();
            } else if (!one.head() && length.find()) {
                int size = Integer.parseInt(length.group(1));
                end = came.length() - end < size ? 0 : end + size;
                body = end == 0 ? "" : came.substring(end - size, end);
            }
            if (end > 0) {
                answered(asked.remove(), body);
            }
            return end;
        }

        /** Returns where the chunks end; 0 if they are incomplete. */
        private int chunks(int from, StringBuilder text) {
            int at = from;
            while (true) {
                int line = came.indexOf("\r\n", at);
                int size = line < 0 ? -1 : Integer.parseInt(came.substring(at, line), 16);
                if (size < 0 || came.length() < line + 4 + size) {
                    return 0;
                }
                text.append(came, line + 2, line + 2 + size);
                at = line + 4 + size;
                if (size == 0) {
                    return at;
                }
            }
        }

        private void answered(Asked one, String body) {
            run.answered++;
            run.again += one.tries() > 0 ? 1 : 0;
            answeredSince |= sinceCalm;
            run.findings.require(
                    body.equals(one.expected()),
                    one.name() + " of kind " + one.kind() + " was answered with " + body.length() + " of "
                            + one.expected().length() + " bytes");
            if (asked.isEmpty() && !forbidden) {
                over = true;
                connection.close();
            }
        }

        /** Checks a refusal: the request came too late or was forbidden, and nothing follows the answer. */
        private void refused(int status) {
            if (status == 408) {
                run.late++;
            } else {
                run.refused++;
                run.findings.require(
                        status == 400 && forbidden && asked.isEmpty(),
                        "answered " + status + " with " + asked.size() + " requests before it");
            }
            over = true;
            connection.close();
        }

        private void ended() {
            if (!over) {
                over = true;
                connection.close();
            }
            unanswered.addAll(HttpServing.again(run, asked));
            asked.clear();
        }
    }
}
