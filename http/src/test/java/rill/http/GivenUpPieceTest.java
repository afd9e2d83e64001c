package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** If a piece of a body was asked for and given up, through any wrapping of its Future, the next reader in the same callback gets it first. */
@ExtendWith(Leaks.class)
class GivenUpPieceTest {
    private static final IncomingBody.Origin NOBODY = new IncomingBody.Origin() {
        @Override
        public void wanted(IncomingBody body) {}

        @Override
        public void relieved(IncomingBody body) {}
    };

    private record Wrapping(Function<Future<@Nullable ByteBuf>, Future<?>> with) {}

    private static Named<Wrapping> named(String name, Function<Future<@Nullable ByteBuf>, Future<?>> with) {
        return Named.of(name, new Wrapping(with));
    }

    /** Each way of wrapping a Future that does not see its value at once, and the number of ticks after which it is wrapped and given up. */
    static Stream<Arguments> waysAndTimes() {
        List<Named<Wrapping>> ways = List.of(
                named("map", next -> next.map(piece -> piece)),
                named("map of a map", next -> next.map(piece -> piece).map(piece -> piece)),
                named("flatMap", next -> next.flatMap(piece -> Future.of(piece))),
                named("recover", next -> next.recover(failure -> null)),
                named("recoverWith", next -> next.recoverWith(failure -> Future.of(null))),
                named("timeout", next -> next.timeout(Duration.ofSeconds(1))));
        return ways.stream().flatMap(way -> Stream.of(0, 1, 3).map(ticks -> Arguments.of(way, ticks)));
    }

    private static void ticks(Loop loop, int count) {
        for (int i = 0; i < count; i++) {
            loop.tick();
        }
    }

    @ParameterizedTest(name = "{0} after {1} ticks")
    @MethodSource("waysAndTimes")
    void a_piece_that_is_given_up_unseen_comes_first(Wrapping way, int ticks) throws IOException {
        try (Loop loop = Loop.open(
                LoopOptions.defaults().transport(new MemoryTransport(1)).reporter(report -> {}))) {
            var body = new IncomingBody(
                    loop,
                    NOBODY,
                    RequestHead.of("POST", "/", HttpFields.of("Host", "a", "Transfer-Encoding", "chunked")));
            var given = new ArrayList<Future<@Nullable ByteBuf>>();
            var text = new ArrayList<Future<String>>();
            Runnable givesUp = () -> {
                way.with().apply(given.getFirst()).cancel();
                text.add(body.text());
            };
            loop.execute(() -> {
                for (String piece : List.of("one ", "two ", "three")) {
                    body.arrived(Unpooled.copiedBuffer(piece, StandardCharsets.US_ASCII));
                }
                body.ended(HttpFields.none());
                given.add(body.next());
                if (ticks == 0) {
                    givesUp.run();
                }
            });
            ticks(loop, Math.max(1, ticks));
            if (ticks > 0) {
                loop.execute(givesUp);
            }
            ticks(loop, 10);
            assertThat(text.getFirst().result()).isEqualTo("one two three");
        }
    }
}
