package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import rill.spi.Environment;
import rill.testing.Loops;
import rill.testing.TextLines;

/**
 * Whatever is thrown wherever Rill calls user code: the loop continues, another connection on it is not disturbed, and the failure is reported once,
 * to the one concerned or to the Reporter.
 */
class ThrowingTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static final Logger LOGGER = Logger.getLogger("rill");

    /** The kinds of Throwable. */
    enum What {
        SNEAKY(() -> new Exception("a checked exception that nobody has declared")),
        UNCHECKED(() -> new IllegalStateException("on purpose")),
        STACK_OVERFLOW(() -> new StackOverflowError("on purpose")),
        NO_MEMORY(() -> new OutOfMemoryError("on purpose")),
        ERROR_OF_ITS_OWN(() -> new Error("on purpose") {}),
        UNSPEAKABLE(Unspeakable::new);

        private final Supplier<Throwable> maker;

        What(Supplier<Throwable> maker) {
            this.maker = maker;
        }
    }

    /** Throws when its message is requested. */
    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("can't be said");
        }
    }

    /** The places where it may be thrown. */
    enum Where {
        HANDLE(t -> t.loop.schedule("handle", t::hurl)),
        TIMER(t -> {
            t.loop.schedule(Duration.ofSeconds(1), t::hurl);
            t.loops.clock().advance(Duration.ofSeconds(1));
        }),
        EXECUTE(t -> t.loop.execute(t::hurl)),
        SUBMIT(t -> t.concerns(t.loop.submit(t::hurlValue))),
        TASK(t -> t.concerns(t.loop.task(t::hurlValue))),
        ON_DONE(t -> t.promise().onDone((value, failure) -> t.hurl())),
        ON_DONE_LATE(t -> t.loop.accepted().onDone((value, failure) -> t.hurl())),
        MAP(t -> t.concerns(t.promise().map(value -> t.hurlValue()))),
        FLAT_MAP(t -> t.concerns(t.promise().flatMap(value -> t.hurlFuture()))),
        RECOVER(t -> {
            Promise<String> failing = t.loop.promise();
            t.concerns(failing.recover(failure -> t.hurlValue()));
            failing.fail(new IOException("to recover from"));
        }),
        ON_CANCEL(t -> {
            Promise<String> promise = t.loop.promise();
            promise.onCancel(t::hurl).cancel();
        }),
        ACCEPTED(t -> t.connect(TextLines.pipeline(), connection -> t.hurl())),
        MESSAGE(t -> t.connect(TextLines.pipeline(), connection -> connection.onMessage(line -> t.hurl()))),
        END(t -> t.connect(TextLines.pipeline(), connection -> connection.onMessage(line -> {}, t::hurl))
                .close()),
        FAILURE(t -> t.connect(
                TextLines.pipeline(),
                connection -> connection
                        .onMessage(line -> {
                            throw new IllegalArgumentException("the failure that is told");
                        })
                        .onFailure(failure -> t.hurl()))),
        FAILURE_IS_TOLD(t -> t.connect(
                TextLines.pipeline(),
                connection ->
                        connection.onMessage(line -> t.hurl()).onFailure(failure -> t.heard.add(failure.cause())))),
        SERVE(t -> t.serve(line -> t.hurlFuture())),
        SERVE_LATER(t -> t.serve(line -> t.loop.submit(t::hurlValue))),
        RESOLVER(t -> t.resolve()),
        UNSOLICITED(t -> t.pushTo(line -> true, line -> t.hurl())),
        WHICH_IS_UNSOLICITED(t -> t.pushTo(
                line -> {
                    t.hurl();
                    return true;
                },
                line -> {})),
        MAPPED_UP(t -> t.connect(
                TextLines.pipeline().map(line -> t.hurlValue(), (String line) -> line),
                connection -> connection.onMessage(line -> {}))),
        MAPPED_DOWN(t -> t.connect(
                TextLines.pipeline().map(line -> line, (String line) -> t.hurlValue()),
                connection -> connection.write("can't be mapped"))), // its Future fails, and the connection with it
        OPEN(t -> t.inSession(Call.OPEN)),
        OPENED(t -> t.inSession(Call.OPENED)),
        DECODE(t -> t.inSession(Call.DECODE)),
        ENCODE(t -> t.inSession(Call.ENCODE)),
        INPUT_ENDED(t -> t.inSession(Call.INPUT_ENDED).close()),
        TIMER_EXPIRED(t -> {
            t.inSession(Call.TIMER_EXPIRED);
            t.loops.clock().advance(Duration.ofSeconds(1));
        }),
        OUTPUT_ENDING(t -> t.inSession(Call.OUTPUT_ENDING).close()),
        SESSION_CLOSED(t -> t.inSession(Call.CLOSED).abort()),
        BLOCKING_WORK(t -> t.inSession(Call.BLOCKING));

        private final Provocation provocation;

        Where(Provocation provocation) {
            this.provocation = provocation;
        }
    }

    private interface Provocation {
        void by(ThrowingTest test) throws Exception;
    }

    /** The call of a session that throws. */
    private enum Call {
        OPEN,
        OPENED,
        DECODE,
        ENCODE,
        INPUT_ENDED,
        TIMER_EXPIRED,
        OUTPUT_ENDING,
        CLOSED,
        BLOCKING
    }

    private final Loops loops = Loops.manual();
    private final List<Throwable> heard = new ArrayList<>(); // by those concerned
    private final List<Future<?>> concerned = new ArrayList<>();
    private Loop loop;
    private Throwable thrown;
    private boolean hurled;

    private static <T extends Throwable> void throwAnything(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    private void hurl() {
        if (!hurled) {
            hurled = true;
            ThrowingTest.<RuntimeException>throwAnything(thrown);
        }
    }

    private String hurlValue() {
        hurl();
        return "thrown before";
    }

    private Future<String> hurlFuture() {
        hurl();
        return Future.of("thrown before");
    }

    private void concerns(Future<?> future) {
        concerned.add(future);
    }

    private Promise<String> promise() {
        Promise<String> promise = loop.promise();
        loop.execute(() -> promise.complete("value"));
        return promise;
    }

    /** A connection that has sent a line to an accepted one. */
    private Connection<String, String> connect(
            Pipeline<String, String> pipeline, java.util.function.Consumer<Connection<String, String>> onAccept) {
        Listener listener = loops.settle(loop.listen(ANY, pipeline, onAccept));
        Connection<String, String> client = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
        loops.settle(client.write("a line"));
        loops.tickUntil(() -> !loop.tick());
        return client;
    }

    private void serve(java.util.function.Function<String, Future<String>> handler) {
        Listener listener = loops.settle(loop.serve(ANY, TextLines.pipeline(), handler::apply));
        Connection<String, String> client = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
        loops.settle(client.write("a request"));
    }

    private void resolve() {
        concerns(loop.connect(InetSocketAddress.createUnresolved("some.name", 1), TextLines.pipeline()));
    }

    private void pushTo(java.util.function.Predicate<String> which, java.util.function.Consumer<String> handler) {
        Listener listener = loops.settle(
                loop.listen(ANY, TextLines.pipeline(), connection -> connection.write("nobody asked for this")));
        loops.settle(loop.connect(
                listener.address(),
                ClientProtocol.<String, String>inOrder(TextLines.pipeline()).unsolicited(which, handler)));
    }

    private Connection<String, String> inSession(Call call) {
        return connect(Pipeline.of(new Prone(call)), connection -> {
            connection.onMessage(line -> {});
            if (call == Call.ENCODE) {
                connection.write("can't be encoded"); // its Future fails, and the connection with it
            }
        });
    }

    /** Lines, by a session that throws in one of its calls. */
    private final class Prone implements Codec<String, String>, Session<String, String> {
        private final Call call;
        private Session<String, String> lines;

        Prone(Call call) {
            this.call = call;
        }

        private void hurlIn(Call present) {
            if (call == present) {
                hurl();
            }
        }

        @Override
        public Session<String, String> open(Context context) {
            hurlIn(Call.OPEN);
            lines = TextLines.codec().open(context);
            return this;
        }

        @Override
        public @Nullable String opened(Context context) {
            hurlIn(Call.OPENED);
            context.startTimer(Duration.ofSeconds(1));
            if (call == Call.BLOCKING) {
                context.runBlocking(ThrowingTest.this::hurl);
            }
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            hurlIn(Call.DECODE);
            return lines.decode(in, context);
        }

        @Override
        public void encode(String line, Outgoing out) throws IOException {
            hurlIn(Call.ENCODE);
            lines.encode(line, out);
        }

        @Override
        public @Nullable String inputEnded(ByteBuf rest, Context context) throws IOException {
            hurlIn(Call.INPUT_ENDED);
            return lines.inputEnded(rest, context);
        }

        @Override
        public @Nullable String timerExpired(Context context) {
            hurlIn(Call.TIMER_EXPIRED);
            return null;
        }

        @Override
        public void outputEnding(Outgoing out) {
            hurlIn(Call.OUTPUT_ENDING);
        }

        @Override
        public void closed() {
            hurlIn(Call.CLOSED);
        }
    }

    static Stream<Arguments> everythingEverywhere() {
        return Stream.of(Where.values())
                .flatMap(where -> Stream.of(What.values()).map(what -> Arguments.of(where, what)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("everythingEverywhere")
    void the_loop_and_others_go_on_and_it_is_told_once(Where where, What what) throws Exception {
        thrown = what.maker.get();
        open();
        Client<String, String> bystander = bystander();

        where.provocation.by(this);
        loops.tickUntil(this::isTold);
        for (int i = 0; i < 50; i++) {
            loop.tick(); // whatever else may come of it
        }

        assertThat(hurled).isTrue();
        assertThat(loop.isClosed()).isFalse();
        assertThat(loops.settle(bystander.call("still here"))).isEqualTo("still here");
        assertThat(timesTold()).isEqualTo(1);
        bystander.close();
        loop.close(Duration.ZERO);
        loops.reporter()
                .reports()
                .forEach(report -> assertThat(report.message()).isNotBlank());
        assertThat(timesTold()).as("told again at the end").isEqualTo(1);
        loops.reporter().take(Report.class);
    }

    @ParameterizedTest
    @EnumSource
    void a_reporter_that_throws_anything_harms_nobody(What what) {
        thrown = what.maker.get();
        LOGGER.setLevel(Level.OFF); // the Throwable is logged, with its stack
        try {
            loop = loops.open(
                    options -> options.reporter(report -> ThrowingTest.<RuntimeException>throwAnything(thrown)));
            Client<String, String> bystander = bystander();
            loop.execute(() -> {
                throw new IllegalStateException("to be reported");
            });
            assertThat(loops.settle(bystander.call("still here"))).isEqualTo("still here");
            loop.close(Duration.ZERO);
            assertThat(loop.isClosed()).isTrue();
            LoggingReporter.INSTANCE.flush();
        } finally {
            LOGGER.setLevel(null);
        }
    }

    private void open() {
        var real = Environment.production();
        Resolver resolver = (itsLoop, name) -> {
            hurl();
            return itsLoop.promise();
        };
        loops.transport()
                .environment(
                        new Environment(loops.clock(), new Random(1), resolver, real.blocking(), real.memory(), null));
        loop = loops.open();
    }

    private Client<String, String> bystander() {
        Listener echo = loops.settle(loop.serve(ANY, TextLines.pipeline(), Future::of));
        return loops.settle(loop.connect(echo.address(), ClientProtocol.inOrder(TextLines.pipeline())));
    }

    private boolean isTold() {
        return timesTold() > 0;
    }

    private long timesTold() {
        long reported = loops.reporter().reports().stream()
                .filter(report -> isIn(report.cause()))
                .count();
        long failed = concerned.stream()
                .filter(future -> future.isDone() && isIn(future.failure()))
                .count();
        return reported
                + (failed > 0 ? 1 : 0)
                + heard.stream().filter(this::isIn).count();
    }

    private boolean isIn(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at == thrown) {
                return true;
            }
        }
        return false;
    }
}
