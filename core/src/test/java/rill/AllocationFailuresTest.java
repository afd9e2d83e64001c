package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.Loops;
import rill.testing.ScarceMemory;
import rill.testing.TextLines;

/**
 * A program of several connections in which each memory allocation is refused once: the first, the second, and so on. The connection that wanted the
 * memory fails and says so. The others are not disturbed, the loops continue, and everything is given back.
 */
class AllocationFailuresTest {
    private static final int[] SIZES = {10, 3_000, 70_000, 5, 1_000_000, 20_000};
    private static final SocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    /** One run of the program. */
    private static final class Program implements AutoCloseable {
        final ScarceMemory memory = new ScarceMemory();
        final Loops loops = Loops.manual();
        final Loop serving;
        final Loop calling;
        final List<Throwable> told = new ArrayList<>();
        final List<Talk> talks = new ArrayList<>();

        Program(int refused) {
            loops.transport().memory(memory).takingHints().capacity(48 * 1024);
            memory.refuse(refused);
            serving = loops.open(options -> options.name("serving"));
            calling = loops.open(options -> options.name("calling"));
        }

        void run() {
            for (int i = 0; i < 2; i++) {
                frames();
                bytes();
                lines();
                calls();
            }
            loops.tickUntil(() -> talks.stream().allMatch(talk -> talk.over));
        }

        private <R, W> SocketAddress listen(Pipeline<R, W> pipeline, Consumer<Connection<R, W>> onConnection) {
            return loops.settle(serving.listen(ANY, pipeline, connection -> {
                        connection.onFailure(failure -> told.add(failure.cause()));
                        onConnection.accept(connection);
                    }))
                    .address();
        }

        private <R, W> void talk(
                SocketAddress to, Pipeline<R, W> pipeline, Consumer<Connection<R, W>> begin, Talk talk) {
            talks.add(talk);
            calling.connect(to, pipeline).onDone((connection, failure) -> {
                if (connection == null) {
                    talk.over = true;
                    return;
                }
                connection.closed().onDone((nothing, none) -> talk.over = true);
                connection.onFailure(each -> told.add(each.cause()));
                begin.accept(connection);
            });
        }

        private void frames() {
            var pipeline = Pipeline.of(new IntFrames(8 << 20));
            SocketAddress address = listen(pipeline, server -> server.onMessage(server::write));
            var talk = new Talk();
            talk(
                    address,
                    pipeline,
                    connection -> {
                        connection.onMessage(frame -> {
                            assertThat(frame.readableBytes()).isEqualTo(SIZES[talk.seen]);
                            frame.release();
                            if (++talk.seen == SIZES.length) {
                                talk.complete = true;
                                connection.close();
                            } else {
                                connection.write(Unpooled.directBuffer().writeZero(SIZES[talk.seen]));
                            }
                        });
                        connection.write(Unpooled.directBuffer().writeZero(SIZES[0]));
                    },
                    talk);
        }

        private void bytes() {
            SocketAddress address = listen(Pipeline.bytes(), server -> server.onMessage(server::write));
            var talk = new Talk();
            talk(
                    address,
                    Pipeline.bytes(),
                    connection -> {
                        connection.onMessage(bytes -> {
                            talk.seen += bytes.readableBytes();
                            bytes.release();
                            if (talk.seen == 200_000) {
                                talk.complete = true;
                                connection.close();
                            }
                        });
                        for (int i = 0; i < 10; i++) {
                            connection.write(Unpooled.directBuffer().writeZero(20_000));
                        }
                    },
                    talk);
        }

        private void lines() {
            SocketAddress address = listen(TextLines.pipeline(), server -> server.onMessage(server::write));
            var talk = new Talk();
            talk(
                    address,
                    TextLines.pipeline(),
                    connection -> {
                        connection.onMessage(line -> {
                            assertThat(line).isEqualTo("line " + talk.seen + "x".repeat(talk.seen * 50));
                            if (++talk.seen == 100) {
                                talk.complete = true;
                                connection.close();
                            }
                        });
                        for (int i = 0; i < 100; i++) {
                            connection.write("line " + i + "x".repeat(i * 50));
                        }
                    },
                    talk);
        }

        private void calls() {
            Listener listener =
                    loops.settle(serving.serve(ANY, TextLines.pipeline(), line -> Future.of("answer to " + line)));
            var talk = new Talk();
            talks.add(talk);
            calling.connect(listener.address(), ClientProtocol.inOrder(TextLines.pipeline()))
                    .onDone((client, failure) -> {
                        if (client == null) {
                            talk.over = true;
                            return;
                        }
                        client.closed().onDone((nothing, none) -> talk.over = true);
                        var done = new int[1];
                        for (int i = 0; i < 200; i++) {
                            String line = "question " + i + "?".repeat(i);
                            client.call(line).onDone((answer, cause) -> {
                                if (cause != null) {
                                    told.add(cause);
                                } else if (answer.equals("answer to " + line)) {
                                    talk.complete = ++talk.seen == 200;
                                }
                                if (++done[0] == 200) {
                                    client.close(); // a call that could not be encoded has already failed on its own
                                }
                            });
                        }
                    });
        }

        @Override
        public void close() {
            loops.close();
        }
    }

    private static final class Talk {
        int seen;
        boolean complete;
        boolean over;
    }

    private static boolean saysSo(@Nullable Throwable told) {
        Throwable cause = told instanceof CallFailedException ? told.getCause() : told;
        return cause instanceof IOException
                && cause.getCause() instanceof OutOfMemoryError
                && String.valueOf(cause.getMessage()).contains("no memory for a buffer of");
    }

    @Test
    @Tag("slow")
    void each_allocation_of_a_program_fails_once_and_nobody_else_is_disturbed() {
        int all;
        try (var usual = new Program(Integer.MAX_VALUE / 2)) {
            usual.run();
            assertThat(usual.talks).allMatch(talk -> talk.complete);
            all = usual.memory.asked();
        }
        assertThat(all).isGreaterThan(20);
        int failing = 0;
        for (int n = 1; n <= all; n++) {
            try (var program = new Program(n)) {
                program.run();
                long incomplete =
                        program.talks.stream().filter(talk -> !talk.complete).count();
                assertThat(incomplete)
                        .as("connections that failed at piece %d", n)
                        .isLessThanOrEqualTo(1);
                List<Report> reports = program.loops.reporter().take(Report.class);
                boolean told = program.told.stream().anyMatch(AllocationFailuresTest::saysSo)
                        || reports.stream().anyMatch(report -> saysSo(report.cause()));
                assertThat(told).as("somebody is told of piece %d", n).isEqualTo(incomplete == 1);
                assertThat(program.serving.isClosed() || program.calling.isClosed())
                        .isFalse();
                failing += (int) incomplete;
                program.loops.tickUntil(() -> program.serving.buffers().held() == 0
                        && program.calling.buffers().held() == 0);
                program.loops.close();
                assertThat(program.memory.bytesOut())
                        .as("bytes out after piece %d", n)
                        .isZero();
            }
        }
        assertThat(failing)
                .as("connections that failed; where a loop had chunks to let go of, none did")
                .isGreaterThan(10);
    }
}
