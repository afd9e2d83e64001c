package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import rill.testing.Loops;

/** A loop with a server whose side of the conversation is driven by hand, and which records everything it hears. */
class SpokenByHand {
    static final Duration LIMIT = Duration.ofSeconds(3);

    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final int ENOUGH_TICKS = 20;

    final Loops loops = Loops.manual();
    final List<Connection<ByteBuf, ByteBuf>> accepted = new ArrayList<>();
    final List<String> heard = new ArrayList<>();
    Loop loop;
    Listener server;

    @BeforeEach
    void listen() {
        prepare();
        loop = loops.open();
        server = loops.settle(loop.listen(ANY, Pipeline.bytes(), each -> {
            accepted.add(each);
            each.onFailure(failure -> heard.add("failed"));
            each.onMessage(
                    bytes -> {
                        heard.add(bytes.toString(StandardCharsets.US_ASCII));
                        bytes.release();
                    },
                    () -> {
                        heard.add("end");
                        each.close();
                    });
        }));
    }

    /** Called before the loop is opened. */
    void prepare() {}

    @AfterEach
    void close() {
        loops.close();
    }

    final void ticks() {
        for (int i = 0; i < ENOUGH_TICKS; i++) {
            loop.tick();
        }
    }

    /** The server sends this to the client that connected first. */
    final void says(String text) {
        loop.execute(() -> accepted.getFirst().write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII)));
        ticks();
    }

    final void assertNothingIsLeft() {
        loop.execute(() -> accepted.forEach(Connection::abort));
        ticks();
        assertThat(loop.connections()).isZero();
        assertThat(loop.nextTimer()).as("a timer that nobody waits for").isEmpty();
        loops.reporter().assertNone();
    }
}
