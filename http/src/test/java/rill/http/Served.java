package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.Service;
import rill.testkit.memory.MemoryTransport;

/** A server on a network in memory, whose clients write and read bytes. Every report has to be expected. */
final class Served implements AutoCloseable {
    static final String HOST = "Host: a\r\n\r\n";

    /** The time of the usual clock. */
    static final String DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    private static final Duration LONG = Duration.ofHours(1);

    final MemoryTransport transport;
    final Loop loop;
    final Loop clients;
    final List<Report> reports = new ArrayList<>();
    final HttpServer server;

    static HttpServerOptions options() {
        return HttpServerOptions.defaults().clock(InstantSource.fixed(Instant.ofEpochSecond(784111777)));
    }

    Served(Service<HttpRequest, HttpResponse> handler) throws IOException {
        this(options(), handler);
    }

    Served(HttpServerOptions options, Service<HttpRequest, HttpResponse> handler) throws IOException {
        this(MemoryTransport.calm(), options, handler);
    }

    Served(MemoryTransport transport, HttpServerOptions options, Service<HttpRequest, HttpResponse> handler)
            throws IOException {
        this.transport = transport;
        loop = open();
        clients = open();
        server = HttpServer.serve(loop, MemoryTransport.ANY, options, handler).await();
    }

    private Loop open() throws IOException {
        return Loop.open(LoopOptions.defaults()
                .transport(transport)
                .slowHandle(Duration.ZERO)
                .reporter(report -> {
                    if (!(report instanceof Report.Note)) {
                        reports.add(report);
                    }
                }));
    }

    /** A client that sends and receives bytes. */
    final class Raw {
        final Connection<ByteBuf, ByteBuf> connection;
        private final StringBuilder text = new StringBuilder();
        boolean ended;

        Raw() throws IOException {
            connection = clients.connect(server.address(), Pipeline.bytes()).await();
            connection
                    .onFailure(failure -> ended = true)
                    .onMessage(
                            bytes -> {
                                text.append(bytes.toString(StandardCharsets.ISO_8859_1));
                                bytes.release();
                            },
                            () -> ended = true);
        }

        Raw send(String bytes) {
            connection.write(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
            return this;
        }

        /** Returns what has arrived, once it contains this. */
        String until(String end) {
            drive(() -> text.indexOf(end) >= 0 || ended);
            assertThat(text.toString()).contains(end);
            return take();
        }

        /** Returns what has arrived, once the stream has ended. */
        String untilEnd() {
            drive(() -> ended);
            assertThat(ended).isTrue();
            return take();
        }

        int size() {
            return text.length();
        }

        String take() {
            String all = text.toString();
            text.setLength(0);
            return all;
        }
    }

    Raw connect() throws IOException {
        return new Raw();
    }

    void drive(BooleanSupplier done) {
        transport.until(LONG, done);
    }

    void pass(Duration time) {
        transport.pass(time);
    }

    /** Returns what a new client receives in answer to these bytes, until the connection closes. */
    String ask(String bytes) throws IOException {
        return connect().send(bytes).untilEnd();
    }

    static Future<HttpResponse> text(String text) {
        return Future.of(HttpResponse.text(text));
    }

    <T extends Report> T reported(Class<T> type) {
        drive(() -> reports.stream().anyMatch(type::isInstance));
        for (Report each : List.copyOf(reports)) {
            if (type.isInstance(each)) {
                reports.remove(each);
                return type.cast(each);
            }
        }
        throw new AssertionError("no " + type + " among " + reports);
    }

    @Override
    public void close() {
        loop.close();
        clients.close();
        assertThat(reports).isEmpty();
        assertThat(transport.left()).isEmpty();
        assertThat(server.connections()).isZero();
    }
}
