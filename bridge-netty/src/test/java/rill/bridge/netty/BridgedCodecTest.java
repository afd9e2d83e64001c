package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testing.Loops;
import rill.testkit.Leaks;

/**
 * A whole protocol of Netty's handlers, including TLS and delays, as one codec. Both ends write, pause, half-close, close and abort as a seed
 * decides. What is received is a prefix of what was written: all of it, unless an end aborted or the receiver had closed.
 */
@Tag("slow")
@ExtendWith(Leaks.class)
class BridgedCodecTest {
    private static final int SEEDS = 100;

    @TempDir
    private static Path dir;

    private static SSLContext context;

    @BeforeAll
    static void key() throws Exception {
        context = OneKey.context(dir);
    }

    @Test
    void whatever_both_ends_do_streams_arrive_whole_or_somebody_is_told() {
        long first = new Random().nextLong();
        for (long seed = first; seed < first + SEEDS; seed++) {
            try {
                new Story(seed).run();
            } catch (Throwable t) {
                throw new AssertionError("seed " + seed, t);
            }
        }
    }

    /** One end of the connection, and what it has seen. */
    private static final class End {
        final List<String> written = new ArrayList<>();
        final List<String> received = new ArrayList<>();
        final List<Future<?>> flushed = new ArrayList<>();
        Connection<String, String> connection;
        boolean ended; // the program has ended its output
        boolean closed; // the program has closed it: what arrives after that does not count
        boolean told; // of a failure
        boolean sawEnd;

        void on(Connection<String, String> opened) {
            connection = opened;
            opened.onFailure(failure -> told = true);
            opened.onMessage(received::add, () -> sawEnd = true);
        }
    }

    private static final class Story {
        private final Random random;
        private final Loops loops = Loops.manual();
        private final Loop loop = loops.open();
        private final End client = new End();
        private final End server = new End();
        private final boolean tls;
        private final boolean late;
        private boolean aborted;

        Story(long seed) {
            random = new Random(seed);
            tls = random.nextInt(3) == 0;
            late = random.nextBoolean();
        }

        private Pipeline<String, String> pipeline(boolean isClient) {
            return Pipeline.of(NettyHandlers.of(handlers -> {
                        if (tls) {
                            SSLEngine engine = context.createSSLEngine();
                            engine.setUseClientMode(isClient);
                            engine.setEnabledProtocols(new String[] {"TLSv1.3"});
                            handlers.addLast(new SslHandler(engine));
                        }
                        if (late) {
                            handlers.addLast(new BridgedLayers.Late());
                        }
                        handlers.addLast(new LineBasedFrameDecoder(10_000), new StringDecoder(), new StringEncoder());
                    })
                    .readyWhen(handlers -> tls
                            ? handlers.get(SslHandler.class).handshakeFuture()
                            : handlers.channel().newSucceededFuture())
                    .codec(String.class, String.class));
        }

        void run() {
            Listener listener = loops.settle(loop.listen(Rig.ANY, pipeline(false), server::on));
            client.on(loops.settle(loop.connect(listener.address(), pipeline(true))));
            for (int i = 0; i < 400 && server.connection == null; i++) {
                loop.tick();
            }
            for (int step = random.nextInt(40); step >= 0; step--) {
                End end = random.nextBoolean() ? client : server;
                loop.execute(() -> act(end));
                for (int i = random.nextInt(4); i > 0; i--) {
                    loop.tick();
                }
                if (random.nextInt(4) == 0) {
                    loops.clock().advance(Duration.ofMillis(random.nextInt(5)));
                }
            }
            settle();
            check(client, server);
            check(server, client);
            loop.execute(() -> List.of(client, server).forEach(end -> end.connection.abort()));
            settle();
            assertThat(loop.connections()).isZero();
            loops.close();
        }

        private void act(End end) {
            switch (random.nextInt(12)) {
                case 0 -> end.connection.pause();
                case 1 -> end.connection.resume();
                case 2 -> end.flushed.add(end.connection.flush());
                case 3 -> {
                    if (random.nextInt(3) == 0) {
                        end.connection.shutdownOutput();
                        end.ended = true;
                    }
                }
                case 4 -> {
                    if (random.nextInt(4) == 0) {
                        end.connection.close();
                        end.ended = true;
                        end.closed = true;
                    }
                }
                case 5 -> {
                    if (random.nextInt(12) == 0) {
                        end.connection.abort();
                        end.ended = true;
                        aborted = true;
                    }
                }
                default -> write(end);
            }
        }

        private void write(End end) {
            if (end.ended || !end.connection.isOpen()) {
                return;
            }
            String line = end.written.size()
                    + "x".repeat(random.nextInt(20) == 0 ? random.nextInt(9_000) : random.nextInt(30));
            end.written.add(line);
            end.connection.write(line + (random.nextBoolean() ? "\n" : "\r\n"));
        }

        private void settle() {
            for (int i = 0; i < 60; i++) {
                loop.execute(() -> List.of(client, server).forEach(end -> end.connection.resume()));
                for (int tick = 0; tick < 10; tick++) {
                    loop.tick();
                }
                loops.clock().advance(Duration.ofMillis(5));
            }
        }

        /** Checks what one end has received against what the other has written, as the class comment says, and that every flush is done. */
        private void check(End from, End to) {
            assertThat(to.received)
                    .isEqualTo(from.written.subList(0, Math.min(to.received.size(), from.written.size())));
            if (!aborted && !to.closed) {
                assertThat(to.received).hasSameSizeAs(from.written);
                assertThat(to.sawEnd).isEqualTo(from.ended);
            }
            if (!aborted && !to.closed && !from.closed) {
                assertThat(from.told || to.told).as("failures without a cause").isFalse();
            }
            assertThat(from.flushed)
                    .allSatisfy(flushed -> assertThat(flushed.isDone()).isTrue());
        }
    }
}
