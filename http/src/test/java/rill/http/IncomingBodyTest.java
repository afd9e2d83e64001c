package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.Report;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Random programs in which pieces arrive, are asked for, given up in every way, and returned; compared with a list. */
@ExtendWith(Leaks.class)
class IncomingBodyTest {
    private static final int PROGRAMS = 2000;
    private static final int STEPS = 12;
    private static final ByteBuf SIGNAL = Unpooled.EMPTY_BUFFER;

    /** One body, whose pieces are numbers, and its reader. */
    private static final class Program implements IncomingBody.Origin {
        private final Loop loop;
        private final Random random;
        private final IncomingBody body;
        private final List<ByteBuf> made = new ArrayList<>();
        private final List<Integer> seen = new ArrayList<>();
        private final List<Asked> unseen = new ArrayList<>();
        private @Nullable Future<@Nullable ByteBuf> last;
        private boolean ended;
        private boolean endSeen;

        Program(Loop loop, Random random) {
            this.loop = loop;
            this.random = random;
            this.body = new IncomingBody(
                    loop,
                    this,
                    RequestHead.of("POST", "/", HttpFields.of("Host", "a", "Transfer-Encoding", "chunked")));
        }

        @Override
        public void wanted(IncomingBody asked) {}

        @Override
        public void relieved(IncomingBody asked) {}

        /** A piece that was asked for and not yet seen, with the signal that may race it. */
        private static final class Asked {
            final Promise<@Nullable ByteBuf> signal;
            Future<?> outcome; // cancelled to give the piece up

            Asked(Promise<@Nullable ByteBuf> signal, Future<?> outcome) {
                this.signal = signal;
                this.outcome = outcome;
            }
        }

        void step() {
            switch (random.nextInt(5)) {
                case 0, 1 -> arrive();
                case 2, 3 -> ask();
                default -> giveUp();
            }
        }

        private void arrive() {
            if (!ended) {
                ByteBuf piece = Unpooled.buffer(4).writeInt(made.size());
                made.add(piece);
                body.arrived(piece);
            }
        }

        void end() {
            if (!ended) {
                ended = true;
                body.ended(HttpFields.none());
            }
        }

        /**
         * Asks for a piece if the last Future is done, as the contract requires. Its piece need not have been seen, unless it is being raced: then it
         * may be given up alone, and which piece comes first is not known.
         */
        private void ask() {
            boolean raced = unseen.stream().anyMatch(each -> each.signal.isDone());
            if (raced || (last != null && !last.isDone())) {
                return;
            }
            Future<@Nullable ByteBuf> next = body.next();
            last = next;
            Promise<@Nullable ByteBuf> signal = loop.promise();
            Future<@Nullable ByteBuf> wanted = random.nextBoolean() ? next : Future.any(List.of(signal, next));
            var asked = new Asked(signal, wanted);
            asked.outcome = wanted.map(piece -> piece == SIGNAL ? null : see(piece, asked));
            unseen.add(asked);
        }

        @Nullable
        Void see(@Nullable ByteBuf piece, @Nullable Asked asked) {
            unseen.remove(asked);
            if (piece == null) {
                endSeen = true;
            } else {
                seen.add(piece.readInt());
                piece.release();
            }
            return null;
        }

        /** Gives up all that was asked for and not yet seen, in any order. A single one may instead be raced: then it is either seen or given up. */
        private void giveUp() {
            if (unseen.size() == 1 && random.nextBoolean()) {
                unseen.getFirst().signal.complete(SIGNAL);
            } else {
                giveUpAll();
            }
        }

        void giveUpAll() {
            List<Asked> all = new ArrayList<>(unseen);
            unseen.clear();
            Collections.shuffle(all, random);
            all.forEach(each -> each.outcome.cancel());
        }
    }

    private static void ticks(Loop loop, int count) {
        for (int i = 0; i < count; i++) {
            loop.tick();
        }
    }

    private static void run(Loop loop, long seed) {
        var random = new Random(seed);
        var program = new Program(loop, random);
        for (int i = 0; i < STEPS; i++) {
            int together = 1 + random.nextInt(4);
            loop.execute(() -> {
                for (int k = 0; k < together; k++) {
                    program.step();
                }
            });
            ticks(loop, random.nextInt(4));
        }
        ticks(loop, 5);
        boolean closedEarly = random.nextInt(4) == 0;
        var closing = loop.submit(() -> {
            program.giveUpAll();
            if (closedEarly) {
                program.body.close();
            }
            program.end();
        });
        ticks(loop, 5);
        assertThat(closing.failure()).isNull();
        if (!closedEarly) {
            readToEnd(loop, program);
            assertThat(program.seen)
                    .containsExactlyElementsOf(
                            IntStream.range(0, program.made.size()).boxed().toList());
            assertThat(program.body.weight()).isZero();
        }
        var closed = loop.submit(program.body::close);
        ticks(loop, 5);
        assertThat(closed.failure()).isNull();
        assertThat(program.made).allMatch(piece -> piece.refCnt() == 0);
        assertThat(program.seen).isSorted().doesNotHaveDuplicates();
    }

    private static void readToEnd(Loop loop, Program program) {
        for (int i = 0; i <= program.made.size() + 1 && !program.endSeen; i++) {
            loop.execute(() -> program.body.next().onDone((piece, why) -> program.see(piece, null)));
            ticks(loop, 5);
        }
        assertThat(program.endSeen).isTrue();
    }

    @Tag("slow")
    @Test
    void pieces_come_in_their_order_whatever_is_given_up_and_when() throws IOException {
        long first = new Random().nextLong();
        var reports = new ArrayList<Report>();
        var options = LoopOptions.defaults()
                .transport(new MemoryTransport(1))
                .slowHandle(Duration.ZERO)
                .reporter(report -> {
                    if (!(report instanceof Report.Note)) {
                        reports.add(report);
                    }
                });
        try (Loop loop = Loop.open(options)) {
            for (int i = 0; i < PROGRAMS; i++) {
                long seed = first + i;
                try {
                    run(loop, seed);
                    assertThat(reports).isEmpty();
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ": " + e, e);
                }
            }
        }
    }
}
