package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Pipeline;
import rill.Report;
import rill.testing.ManualClock;
import rill.testkit.Leaks;

/** What handlers take for their event loop: when it runs what it is given, by which clock, and what it does not take. */
@ExtendWith(Leaks.class)
class HandlersOnTheLoopTest {
    /** Lines, and a handler that does this once it is active. */
    private static Pipeline<String, String> lines(Consumer<ChannelHandlerContext> atFirst) {
        return Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100),
                        new StringDecoder(),
                        new StringEncoder(),
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelActive(ChannelHandlerContext context) {
                                atFirst.accept(context);
                            }
                        }))
                .codec(String.class, String.class));
    }

    /** Only differences between readings of a clock mean something. Netty takes a deadline below zero for one that never comes. */
    @Test
    void what_is_scheduled_runs_in_its_time_wherever_the_clock_begins() {
        for (long start : new long[] {Long.MIN_VALUE, -5_000_000_000_000L, -1, 0, Long.MAX_VALUE - 1_000_000}) {
            var rig = new Rig(new ManualClock(start));
            List<String> told = new ArrayList<>();
            Connection<String, String> connection = rig.connect(lines(context -> {
                var _ = context.executor().schedule(() -> told.add("late"), 10, TimeUnit.MILLISECONDS);
            }));
            rig.after(Duration.ofMillis(9));
            assertThat(told).as("from %d", start).isEmpty();
            rig.after(Duration.ofMillis(1));
            assertThat(told).as("from %d", start).containsExactly("late");
            rig.does(connection::close);
            rig.close();
        }
    }

    /** Where time stands still as long as something runs, each is due at once. */
    @Test
    void what_schedules_itself_without_a_delay_for_ever_does_not_keep_the_loop() {
        var rig = new Rig();
        int[] runs = {0};
        var forEver = new Consumer<ChannelHandlerContext>() {
            @Override
            public void accept(ChannelHandlerContext context) {
                if (++runs[0] > 10_000_000) {
                    throw new AssertionError("it keeps the loop");
                }
                var _ = context.executor().schedule(() -> accept(context), 0, TimeUnit.NANOSECONDS);
            }
        };
        Connection<String, String> connection = rig.connect(lines(forEver));
        int before = runs[0];
        rig.peerSays("one\n");
        assertThat(rig.received).containsExactly("one");
        assertThat(runs[0]).isGreaterThan(before).isLessThan(10_000_000);
        rig.does(connection::close);
        rig.close();
    }

    private static void refused(Future<?> scheduled) {
        throw new AssertionError("taken: " + scheduled);
    }

    /** In a callback of a Future, say: nobody would run it before something else happens on the connection. */
    @Test
    void what_is_given_to_it_outside_of_the_calls_of_the_connection_is_refused() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        EventLoop events = context.channel().eventLoop();
        rig.does(() -> {
            Runnable never = () -> {
                var _ = context.writeAndFlush("never");
            };
            for (ThrowingCallable attempt : List.<ThrowingCallable>of(
                    () -> events.execute(never),
                    () -> refused(events.schedule(never, 1, TimeUnit.MILLISECONDS)),
                    () -> refused(events.schedule(() -> "never", 1, TimeUnit.MILLISECONDS)),
                    () -> refused(events.scheduleAtFixedRate(never, 1, 1, TimeUnit.MILLISECONDS)),
                    () -> refused(events.scheduleWithFixedDelay(never, 1, 1, TimeUnit.MILLISECONDS)))) {
                assertThatThrownBy(attempt)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("within the calls");
            }
        });
        rig.peerSays("one\n");
        rig.after(Duration.ofSeconds(1));
        assertThat(rig.sent()).isEmpty();
        assertThat(rig.received).containsExactly("one");
        rig.does(connection::close);
        rig.close();
    }

    /** Its promise would say that it has left, and it would stay until something else happens. */
    @Test
    void what_a_handler_writes_outside_of_the_calls_of_the_connection_is_refused_and_reported() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        rig.does(() -> {
            written.add(contexts.getFirst().write("a"));
            written.add(contexts.getFirst().writeAndFlush("b"));
        });
        assertThat(written)
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.cause()).isInstanceOf(IllegalStateException.class));
        assertThat(rig.loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(thrown -> {
                    assertThat(thrown.what()).contains("handlers of Netty");
                    assertThat(thrown.cause()).hasMessageContaining("within the calls");
                });
        rig.write(connection, "in order");
        assertThat(rig.sent()).isEqualTo("in order");
        rig.does(connection::close);
        rig.close();
    }
}
