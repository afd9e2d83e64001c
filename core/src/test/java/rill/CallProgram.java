package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import rill.testing.Loops;
import rill.testing.TextLines;

/**
 * A client and a server that follow a seed, in virtual time: calls from the loop and from outside, with all kinds of deadlines, cancelled in every
 * way, some of which can't be sent; answers that are late, missing, duplicated or for nobody; pushes, violations, ends and resets. Checks what must
 * hold at the end.
 */
final class CallProgram {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final int STEPS = 120;

    private final long seed;
    private final Random random;
    private final Loops loops;
    private final Loop loop;
    private final boolean byKey;
    private final boolean listens; // to messages that answer nothing
    private final Duration longest;
    private final Client<Request, Said> client;
    private final List<Request> requests = new ArrayList<>();
    private final List<Said> said = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final List<Future<?>> wrappings = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private final List<Integer> told = new ArrayList<>(); // what was delivered, by its number on the wire

    // The server.
    private final ArrayDeque<Integer> unanswered = new ArrayDeque<>();
    private Connection<String, String> server;
    private int onTheWire;
    private boolean stuck; // no longer answers

    /** What goes wrong with a request. */
    private enum Trouble {
        NONE,
        NO_KEY,
        NO_NAME,
        NOT_ENCODED,
        HALF_ENCODED,
        ERROR,
        CALLS_ITSELF,
        SAME_KEY
    }

    /** A request whose key is its number. */
    private static final class Request extends AbstractReferenceCounted {
        final int id;
        final Trouble trouble;

        @Override
        public String toString() {
            return id + " " + trouble;
        }

        Request(int id, Trouble trouble) {
            this.id = id;
            this.trouble = trouble;
        }

        @Override
        protected void deallocate() {}

        @Override
        public ReferenceCounted touch(Object hint) {
            return this;
        }
    }

    /** What the server has said: {@code answer id number} or {@code push 0 number}. */
    private static final class Said extends AbstractReferenceCounted {
        final String kind;
        final int id;
        final int number;
        boolean received;

        Said(String line) {
            String[] parts = line.split(" ");
            kind = parts[0];
            id = Integer.parseInt(parts[1]);
            number = Integer.parseInt(parts[2]);
        }

        @Override
        public String toString() {
            return kind + " " + id + " " + number + (received ? ", received" : "") + ", " + refCnt() + " references";
        }

        boolean is(String other) {
            return kind.equals(other);
        }

        @Override
        protected void deallocate() {}

        @Override
        public ReferenceCounted touch(Object hint) {
            return this;
        }
    }

    /** What has become of a call, as its caller sees it. */
    private static final class Outcome {
        final int id;
        final Future<Said> call;
        int settled;
        boolean wrapped; // may have a value although the Future that wraps it was given up

        @Override
        public String toString() {
            return id + ": " + call;
        }

        Outcome(int id, Future<Said> call) {
            this.id = id;
            this.call = call;
        }
    }

    CallProgram(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        this.loops = Loops.seeded(seed);
        loops.transport()
                .split(1 + random.nextInt(40))
                .delay(random.nextInt(40))
                .capacity(random.nextBoolean() ? 64 * 1024 : 1 + random.nextInt(50));
        this.loop = loops.open();
        this.byKey = random.nextBoolean();
        this.listens = random.nextInt(3) > 0;
        Duration deadline = Duration.ofMillis(10 + random.nextInt(1_000));
        Duration dropAfter =
                random.nextBoolean() ? deadline.multipliedBy(2) : Duration.ofMillis(5 + random.nextInt(3_000));
        this.longest = deadline.plus(dropAfter);
        Listener listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> {
            server = connection;
            connection.onFailure(failure -> {}).onMessage(this::asked, connection::close);
        }));
        ConnectOptions options = random.nextBoolean()
                ? ConnectOptions.defaults()
                : ConnectOptions.defaults().limits(ConnectionLimits.defaults().waterMarks(5, 20, 64 * 1024));
        this.client = loops.settle(loop.connect(listener.address(), protocol(deadline, dropAfter), options));
        loops.tickUntil(() -> server != null);
    }

    private ClientProtocol<Request, Said> protocol(Duration deadline, Duration dropAfter) {
        Pipeline<Said, Request> pipeline = Pipeline.of(Codec.of(this::decode, this::encode));
        ClientProtocol<Request, Said> protocol = byKey
                ? ClientProtocol.byKey(pipeline, this::keyOf, CallProgram::keyOf)
                : ClientProtocol.inOrder(pipeline);
        protocol = protocol.deadline(deadline)
                .dropAfter(dropAfter)
                .inFlight(
                        1 + random.nextInt(8),
                        random.nextInt(4) > 0 ? ClientProtocol.WhenFull.WAIT : ClientProtocol.WhenFull.FAIL)
                .waiting(random.nextInt(8))
                .naming(CallProgram::nameOf);
        return listens ? protocol.unsolicited(CallProgram::isPush, this::pushed) : protocol;
    }

    // ---- the client's protocol

    private Said decode(ByteBuf in, Context context) throws ProtocolException {
        int length = in.bytesBefore((byte) '\n');
        if (length < 0) {
            return null;
        }
        String line = in.readString(length, StandardCharsets.US_ASCII);
        in.skipBytes(1);
        if (line.startsWith("violation")) {
            throw new ProtocolException("on purpose");
        }
        var message = new Said(line);
        said.add(message);
        return message;
    }

    private void encode(Request request, ByteBuf out) {
        assertThat(request.refCnt()).as("a request that is encoded").isPositive();
        switch (request.trouble) {
            case NOT_ENCODED -> throw new IllegalArgumentException("not encoded");
            case CALLS_ITSELF -> call(newRequest(Trouble.NONE), null);
            default -> {}
        }
        out.writeCharSequence(
                request.id + (request.trouble == Trouble.HALF_ENCODED ? "" : "\n"), StandardCharsets.US_ASCII);
        switch (request.trouble) {
            case HALF_ENCODED -> throw new IllegalArgumentException("half encoded");
            case ERROR -> throw new StackOverflowError("on purpose");
            default -> {}
        }
    }

    private int keyOf(Request request) {
        return switch (request.trouble) {
            case NO_KEY -> throw new IllegalStateException("no key");
            case SAME_KEY -> 1;
            default -> request.id;
        };
    }

    private static int keyOf(Said message) {
        if (message.is("keyless")) {
            throw new IllegalStateException("no key");
        }
        return message.id;
    }

    private static String nameOf(Request request) {
        if (request.trouble == Trouble.NO_NAME) {
            throw new IllegalStateException("no name");
        }
        return "request " + request.id;
    }

    private static boolean isPush(Said message) {
        if (message.is("puzzle")) {
            throw new IllegalStateException("no idea");
        }
        return message.is("push");
    }

    // ---- the server

    private void asked(String line) {
        unanswered.add(Integer.parseInt(line));
        if (random.nextBoolean()) {
            answer();
        }
    }

    private void says(String kind, int id) {
        server.write(kind + " " + id + " " + ++onTheWire);
    }

    private void answer() {
        if (stuck || unanswered.isEmpty()) {
            return;
        }
        int id = byKey && random.nextBoolean() ? unanswered.removeLast() : unanswered.removeFirst();
        says("answer", id);
        if (byKey && random.nextInt(60) == 0) {
            says("answer", id); // a second time
        }
    }

    private void serverStep() {
        switch (random.nextInt(200)) {
            case 0 -> says("violation", 0);
            case 1 -> server.close();
            case 2 -> server.abort();
            case 3 -> stuck = true;
            case 4 -> says(byKey ? "keyless" : "violation", 0);
            case 5 -> says(listens ? "puzzle" : "violation", 0);
            case 6, 7, 8 -> {
                if (byKey && !unanswered.isEmpty()) {
                    unanswered.removeFirst(); // lost
                }
            }
            case 9 -> {
                if (byKey) {
                    says("answer", 1_000_000); // to nobody
                }
            }
            default -> {
                for (int n = random.nextInt(4); n > 0; n--) {
                    if (listens && random.nextInt(3) == 0) {
                        says("push", 0);
                    } else {
                        answer();
                    }
                }
            }
        }
    }

    // ---- the client

    private Request newRequest(Trouble trouble) {
        var request = new Request(requests.size() + 2, trouble);
        requests.add(request);
        return request;
    }

    private Duration someLimit() {
        return switch (random.nextInt(8)) {
            case 0 -> Duration.ZERO;
            case 1 -> Duration.ofSeconds(Long.MIN_VALUE);
            case 2 -> Duration.ofSeconds(5);
            case 3, 4 -> Duration.ofMillis(random.nextInt(50));
            default -> null;
        };
    }

    private void call(Request request, Duration limit) {
        Future<Said> call = limit == null ? client.call(request) : client.call(request, limit);
        var outcome = new Outcome(request.id, call);
        outcomes.add(outcome);
        switch (random.nextInt(12)) {
            case 0 -> call.cancel();
            case 1 -> wrapped(outcome, call.map(answer -> answer)).cancel();
            case 2 -> wrapped(outcome, call.timeout(Duration.ofMillis(random.nextInt(30))));
            case 3 -> wrapped(outcome, Future.any(List.of(call, loop.delay(Duration.ofMillis(random.nextInt(30))))));
            case 4 -> wrapped(outcome, loop.task(call::await)).cancel();
            case 5 -> {
                loop.schedule(Duration.ofMillis(random.nextInt(30)), "cancel", call::cancel);
                tellOf(outcome);
            }
            case 6 -> call.toCompletableFuture().cancel(false);
            default -> tellOf(outcome);
        }
    }

    private void tellOf(Outcome outcome) {
        outcome.call.onDone((answer, failure) -> {
            outcome.settled++;
            if (answer != null) {
                told.add(receive(outcome, answer).number);
            }
        });
    }

    private Future<?> wrapped(Outcome outcome, Future<?> wrapping) {
        outcome.wrapped = true;
        wrappings.add(wrapping.onDone((value, failure) -> {
            if (value instanceof Said answer) {
                receive(outcome, answer);
            }
        }));
        return wrapping;
    }

    private Said receive(Outcome outcome, Said answer) {
        if (answer.id != outcome.id || answer.received || answer.refCnt() != 1) {
            wrong.add("call " + outcome.id + " was given " + answer);
        }
        answer.received = true;
        return answer;
    }

    private void pushed(Said push) {
        told.add(push.number);
        push.received = true;
        if (random.nextInt(40) == 0) {
            throw new IllegalStateException("thrown by a handler");
        }
    }

    private void clientStep() {
        Trouble trouble =
                random.nextInt(6) > 0 ? Trouble.NONE : Trouble.values()[random.nextInt(Trouble.values().length)];
        Runnable makeCalls = () -> {
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                call(newRequest(trouble), someLimit());
            }
        };
        if (random.nextBoolean()) {
            makeCalls.run(); // outside
        } else {
            loop.execute(makeCalls);
        }
        switch (random.nextInt(150)) {
            case 0 -> client.close();
            case 1 -> client.finish();
            default -> {}
        }
    }

    // ---- running it

    void run() {
        try {
            int end = random.nextInt(6) == 0 ? random.nextInt(STEPS) : STEPS;
            for (int step = 0; step < end; step++) {
                switch (random.nextInt(4)) {
                    case 0, 1 -> clientStep();
                    case 2 -> loop.execute(this::serverStep);
                    default -> loops.clock().advance(Duration.ofNanos(random.nextInt(20_000_000)));
                }
                for (int n = random.nextInt(3); n > 0; n--) {
                    loop.tick();
                }
            }
            if (end == STEPS) {
                settle();
                check();
            } else {
                loop.close(Duration.ZERO); // in the middle of everything
                checkAfterLoop();
            }
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + (byKey ? ", by key" : ", in order"), e);
        }
    }

    private void settle() {
        for (int n = 0; n < 60; n++) {
            loops.clock().advance(longest.dividedBy(10).plusMillis(200));
            for (int i = 0; i < 10; i++) {
                loop.tick();
            }
        }
    }

    private void check() {
        assertThat(wrappings).allMatch(Future::isDone);
        assertThat(told).as("the order of the wire").isSorted().doesNotHaveDuplicates();
        assertThat(loops.settle(loop.submit(client::unanswered)))
                .as("in flight")
                .isZero();
        checkCalls();
        checkThatNothingIsExpected();
        client.close();
        loops.settle(client.closed());
        loops.settle(server.abort());
        settle();
        assertThat(loop.ticking().hasTimers()).as("timers").isFalse();
        loops.reporter().take(Report.ConnectionFailed.class);
        loops.reporter().take(Report.Thrown.class);
        loops.close();
    }

    private void checkAfterLoop() {
        for (Duration limit : List.of(Duration.ZERO, Duration.ofSeconds(1))) {
            Request request = newRequest(Trouble.NONE);
            outcomes.add(new Outcome(request.id, client.call(request, limit)));
        }
        checkCalls();
        loops.reporter().reports().forEach(each -> loops.reporter().take(each.getClass()));
    }

    private void checkCalls() {
        assertThat(wrong).isEmpty();
        for (Outcome each : outcomes) {
            assertThat(each.call.isDone()).as("call %d is done", each.id).isTrue();
            assertThat(each.settled).as("call %d is told", each.id).isLessThanOrEqualTo(1);
            if (each.call.failure() == null && !each.call.result().received) {
                assertThat(each.wrapped || loop.isClosed())
                        .as("call %d has an answer that nobody was told", each.id)
                        .isTrue();
                each.call.result().received = true;
            }
        }
        assertThat(requests)
                .filteredOn(each -> each.refCnt() != 0)
                .as("requests not released")
                .isEmpty();
        assertThat(said)
                .filteredOn(each -> each.refCnt() != (each.received ? 1 : 0))
                .as("messages neither received nor released")
                .isEmpty();
    }

    private void checkThatNothingIsExpected() {
        PollPolicy pollPolicy = loop.ticking().pollPolicy();
        pollPolicy.sleeping();
        pollPolicy.more(15);
        assertThat(pollPolicy.nanosToPoll()).as("answers that are expected").isZero();
        pollPolicy.more(1);
        assertThat(pollPolicy.nanosToPoll()).as("answers that are expected").isPositive();
        pollPolicy.more(-16);
    }
}
