package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.CancelledException;
import rill.Loop;
import rill.LoopOptions;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** A body on one loop that is read on another, of which one closes at the worst moment. */
@ExtendWith(Leaks.class)
class HopTest {
    private static final IncomingBody.Origin NOBODY = new IncomingBody.Origin() {
        @Override
        public void wanted(IncomingBody body) {}

        @Override
        public void relieved(IncomingBody body) {}
    };

    private final MemoryTransport memory = new MemoryTransport(1);
    private final List<String> told = new ArrayList<>();

    private Loop open() throws IOException {
        return Loop.open(LoopOptions.defaults().transport(memory));
    }

    private static IncomingBody body(Loop loop) {
        return new IncomingBody(
                loop, NOBODY, RequestHead.of("POST", "/", HttpFields.of("Host", "a", "Transfer-Encoding", "chunked")));
    }

    private static void on(Loop loop, Runnable action) {
        loop.execute(action);
        loop.tick();
    }

    private void note(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        told.add(failure == null ? "a piece" : failure.getClass().getSimpleName());
        if (piece != null) {
            piece.release();
        }
    }

    @Test
    void a_piece_is_told_of_on_the_loop_that_asked() throws IOException {
        try (Loop home = open();
                Loop reader = open()) {
            IncomingBody body = body(home);
            ByteBuf piece = Unpooled.buffer().writeByte(1);
            on(reader, () -> Hop.onDone(reader, body.next(), this::note, () -> told.add("closed")));
            on(home, () -> body.arrived(piece));
            home.tick();
            assertThat(told).isEmpty();
            reader.tick();
            reader.tick();
            assertThat(told).containsExactly("a piece");
            assertThat(piece.refCnt()).isZero();
        }
        assertThat(told).containsExactly("a piece");
    }

    @Test
    void a_piece_on_its_way_to_a_loop_that_closes_just_then_is_released() throws IOException {
        ByteBuf piece = Unpooled.buffer().writeByte(1);
        try (Loop home = open()) {
            IncomingBody body = body(home);
            try (Loop reader = open()) {
                on(reader, () -> Hop.onDone(reader, body.next(), this::note, () -> told.add("closed")));
                on(home, () -> body.arrived(piece));
                home.tick();
                assertThat(piece.refCnt()).isOne();
            }
            assertThat(piece.refCnt()).isZero();
        }
        assertThat(told)
                .hasSize(1)
                .containsAnyOf("a piece", "closed"); // the last turn of a loop that closes may see it
    }

    @Test
    void a_piece_that_comes_after_the_loop_has_closed_is_released() throws IOException {
        ByteBuf piece = Unpooled.buffer().writeByte(1);
        try (Loop home = open()) {
            IncomingBody body = body(home);
            try (Loop reader = open()) {
                on(reader, () -> Hop.onDone(reader, body.next(), this::note, () -> told.add("closed")));
                home.tick();
            }
            on(home, () -> body.arrived(piece));
            home.tick();
            on(home, body::close);
            home.tick();
        }
        assertThat(piece.refCnt()).isZero();
        assertThat(told).containsExactly("closed");
    }

    @Test
    void whoever_waits_for_a_piece_of_a_loop_that_closes_is_told() throws IOException {
        try (Loop reader = open()) {
            try (Loop home = open()) {
                IncomingBody body = body(home);
                on(reader, () -> Hop.onDone(reader, body.next(), this::note, () -> told.add("closed")));
                home.tick();
            }
            reader.tick();
            reader.tick();
            assertThat(told).containsExactly(CancelledException.class.getSimpleName());
        }
    }

    @Test
    void a_body_that_is_gathered_by_a_loop_that_closes_is_closed() throws IOException {
        try (Loop home = open()) {
            IncomingBody body = body(home);
            try (Loop reader = open()) {
                on(reader, body::bytes);
                home.tick();
                assertThat(body.isAwaited()).isTrue();
            }
            home.tick();
            assertThat(body.isClosed()).isTrue();
        }
    }
}
