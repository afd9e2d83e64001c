package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.hello;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Future;
import rill.Loop;
import rill.Report;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests shortages of memory and of threads. */
@ExtendWith(Leaks.class)
class HttpWantTest {
    private static final int SLAB = 1 << 26;

    /** Returns more bytes than an array can hold, made of a few that are shared. */
    static ByteBuf huge() {
        ByteBuf slab = Unpooled.wrappedBuffer(new byte[SLAB]);
        var all = Unpooled.compositeBuffer(64);
        for (int i = 0; i < 31; i++) {
            all.addComponent(true, slab.retainedSlice());
        }
        return all.addComponent(true, slab.slice(0, SLAB - 1));
    }

    @Test
    void a_body_that_does_not_fit_into_memory_fails_and_is_released_and_closed() throws IOException {
        ByteBuf huge = huge();
        var closed = new ArrayList<String>();
        HttpBody.Source source = new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return Future.<@Nullable ByteBuf>of(huge);
            }

            @Override
            public void close() {
                closed.add("closed");
            }
        };
        try (Loop loop = Loop.open(new MemoryTransport(1))) {
            Future<byte[]> whole = loop.submit(() -> HttpBody.stream(source).bytes(Integer.MAX_VALUE))
                    .flatMap(bytes -> bytes);
            loop.run(() -> {
                for (int i = 0; i < 10; i++) {
                    loop.delay(Duration.ofMillis(1)).await();
                }
            });
            assertThat(whole.isDone()).isTrue();
            assertThat(whole.failure()).isInstanceOf(OutOfMemoryError.class);
            assertThat(huge.refCnt()).isZero();
            assertThat(closed).containsExactly("closed");
        }
    }

    /** A memory that allocates nothing more once {@link #denies} is set. */
    private static final class Scarce implements Memory {
        boolean denies;

        @Override
        public Piece allocate(int bytes) {
            if (denies) {
                throw new OutOfMemoryError("nothing more");
            }
            return Memory.system().allocate(bytes);
        }
    }

    @Test
    void an_answer_that_was_not_written_is_not_logged_as_complete() throws IOException {
        var log = new ArrayList<HttpAccess>();
        var scarce = new Scarce();
        HttpServerOptions options = Served.options().accessLog(log::add);
        try (var served = new Served(MemoryTransport.calm().memory(scarce), options, request -> {
            scarce.denies = true;
            return hello().answer(request);
        })) {
            var client = served.connect().send(GET);
            served.drive(() -> !log.isEmpty());
            scarce.denies = false;
            served.drive(() -> client.ended);
            assertThat(log).hasSize(1);
            assertThat(log.getFirst().complete()).isFalse();
            served.reported(Report.ConnectionFailed.class);
        }
    }

    /** A transport like another one, but with this executor for blocking work. */
    private record WithThreads(MemoryTransport real, Executor blocking) implements Transport {
        @Override
        public String name() {
            return real.name();
        }

        @Override
        public int preference() {
            return real.preference();
        }

        @Override
        public Environment environment() {
            Environment usual = real.environment();
            return new Environment(
                    usual.clock(), usual.random(), usual.resolver(), blocking, usual.memory(), usual.driver());
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            return real.open(receiveBuffer);
        }
    }

    private static final class Threads implements Executor {
        boolean gone;

        @Override
        public void execute(Runnable work) {
            if (gone) {
                throw new RejectedExecutionException("no thread");
            }
            work.run();
        }
    }

    @Test
    void a_file_is_closed_although_no_thread_is_to_be_had_for_that(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "hello");
        var threads = new Threads();
        try (Loop loop = Loop.open(new WithThreads(new MemoryTransport(1), threads))) {
            loop.run(() -> {
                HttpBody body = HttpBody.file(file);
                ByteBuf piece = Objects.requireNonNull(body.next().await());
                assertThat(piece.readableBytes()).isEqualTo(5);
                piece.release();
                threads.gone = true;
                body.close();
                assertThat(body.next().await()).isNull();
            });
        }
    }
}
