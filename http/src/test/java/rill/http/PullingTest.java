package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** How the pieces of a body are asked for: together as far as they are there, one after another otherwise, and to an end whatever the source does. */
@ExtendWith(Leaks.class)
class PullingTest {
    private Loop loop;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults().transport(new MemoryTransport(1)));
    }

    @AfterEach
    void close() {
        loop.close(Duration.ZERO);
    }

    private static ByteBuf piece() {
        return Unpooled.buffer().writeByte(1);
    }

    private void onLoop(Runnable action) {
        loop.execute(action);
        ticks(1);
    }

    private void ticks(int count) {
        for (int i = 0; i < count; i++) {
            loop.tick();
        }
    }

    /** Breaks the contract of a source: after a piece that takes its time it returns null instead of a Future. */
    @SuppressWarnings("NullAway")
    private static final class NullInsteadOfAFuture implements HttpBody.Source {
        private final Loop loop;
        private int asked;
        int closed;

        NullInsteadOfAFuture(Loop loop) {
            this.loop = loop;
        }

        @Override
        public Future<@Nullable ByteBuf> next() {
            return asked++ == 0 ? loop.<@Nullable ByteBuf>submit(PullingTest::piece) : null;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    @Test
    void pieces_that_are_there_come_in_one_Handle_but_not_without_end() {
        var taken = new ArrayList<Integer>();
        HttpBody endless = HttpBody.stream(() -> Future.of(piece()));
        onLoop(() -> {
            new Pulling(loop, endless, (piece, failure) -> {
                        taken.add(piece == null ? -1 : piece.readableBytes());
                        if (piece != null) {
                            piece.release();
                        }
                        return taken.size() < 1000;
                    })
                    .goOn();
            taken.add(0);
        });
        assertThat(taken.indexOf(0)).isBetween(1, 64);
        for (int i = 0; i < 1000 && taken.size() < 1000; i++) {
            ticks(1);
        }
        assertThat(taken).hasSize(1000).doesNotContain(-1);
    }

    @Test
    void pieces_that_take_long_to_make_let_others_run_in_between() throws IOException {
        var happened = new ArrayList<String>();
        HttpBody slow = HttpBody.stream(() -> {
            long began = System.nanoTime();
            while (System.nanoTime() - began < 2_000_000) {
                Thread.onSpinWait();
            }
            return Future.of(happened.size() < 20 ? piece() : null);
        });
        try (Loop real = Loop.open()) {
            real.execute(() -> {
                new Pulling(real, slow, (piece, failure) -> {
                            happened.add("piece");
                            return piece != null && piece.release();
                        })
                        .goOn();
                real.execute(() -> happened.add("another"));
            });
            for (int i = 0; i < 100 && happened.size() < 21; i++) {
                real.tick();
            }
        }
        assertThat(happened.indexOf("another")).isBetween(1, 3);
        assertThat(happened).hasSize(21);
    }

    @Test
    void a_source_without_a_Future_fails_who_gathers_it_and_is_closed() {
        var source = new NullInsteadOfAFuture(loop);
        var gathered = new ArrayList<Future<byte[]>>();
        onLoop(() -> gathered.add(HttpBody.stream(source).bytes()));
        ticks(5);
        assertThat(gathered.getFirst().failure()).isInstanceOf(NullPointerException.class);
    }

    @Test
    void a_source_without_a_Future_fails_who_saves_it_and_leaves_no_file(@TempDir Path folder) throws IOException {
        try (Loop real = Loop.open().start()) {
            var source = new NullInsteadOfAFuture(real);
            Future<Long> saved = real.submit(() -> HttpBody.stream(source).saveTo(folder.resolve("file"), 100))
                    .flatMap(saving -> saving);
            assertThatThrownBy(saved::await).isInstanceOf(NullPointerException.class);
            assertThat(source.closed).isOne();
        }
        assertThat(folder).isEmptyDirectory();
    }
}
