package rill.testkit.storm;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.Client;
import rill.ClientProtocol;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.Pool;
import rill.PoolOptions;
import rill.testkit.storm.Step.Service;

/** A client or a pool of a program, and its calls: each receives its own answer, or fails, in time. */
final class Caller extends Actor {
    static final int CHANNEL = 1000;
    static final int ANSWERS = 1000;
    private static final long LONG = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_BUSY = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int SERVICE_BITS = 16;

    private static final class Made {
        final long at;
        final long deadline; // nanoseconds
        volatile boolean done;
        volatile boolean arrived; // at the server
        volatile boolean mustBeAnswered; // its server closes in order
        volatile boolean neverSent; // according to its failure

        final boolean plain; // nobody gives it up
        volatile @Nullable Future<Object> answer; // once the call was made

        Made(long at, long deadline, boolean plain) {
            this.at = at;
            this.deadline = deadline;
            this.plain = plain;
        }
    }

    private final Run run;
    final int number;
    private final Step.Dial step;
    private final boolean pooled;
    private final boolean again; // calls may be carried out twice
    private final boolean byKey; // answers are matched by key
    private final Pipes.Pipe pipe;
    final Future<? extends rill.Caller<Object, Object>> connected;
    private final List<Made> calls = new ArrayList<>();
    volatile boolean closedHere;
    private volatile boolean hadToWait; // for room, perhaps
    private volatile boolean leftUnanswered;

    /** Creates a client. */
    Caller(Run run, Step.Dial step, Loop loop, Server server, SocketAddress address) {
        this.run = run;
        this.number = step.client();
        this.step = step;
        this.pooled = false;
        this.again = false;
        this.byKey = server.step.form() == Step.Form.KEYED;
        this.pipe = pipe(server);
        Future<Client<Object, Object>> connecting = loop.connect(address, protocol());
        this.connected = connecting;
        connecting.onDone((client, failure) -> {
            if (client != null) {
                run.ledger().track(client.closed(), "closed() of " + this, run.step());
            }
        });
    }

    /** Creates a pool. */
    Caller(Run run, Step.OpenPool step, Loop loop, @Nullable LoopGroup group, Server server, SocketAddress address) {
        this.run = run;
        this.number = step.client();
        this.step = new Step.Dial(
                number,
                step.loop(),
                step.listener(),
                step.inFlight(),
                step.waiting(),
                step.waits(),
                step.deadlineMillis());
        this.pooled = true;
        this.again = step.again();
        this.byKey = server.step.form() == Step.Form.KEYED;
        this.pipe = pipe(server);
        ClientProtocol<Object, Object> protocol = protocol().idempotent(request -> again);
        PoolOptions options = PoolOptions.defaults()
                .whenDown(step.waits() ? PoolOptions.WhenDown.WAIT : PoolOptions.WhenDown.FAIL)
                .connections(step.waits() ? step.least() : Math.max(1, step.least()), step.most())
                .backOff(Duration.ofMillis(50), Duration.ofMinutes(1));
        if (step.ageMillis() > 0) {
            options = options.maxAge(Duration.ofMillis(step.ageMillis()));
        }
        Pool<Object, Object> pool =
                group == null ? loop.pool(address, protocol, options) : group.pool(address, protocol, options);
        run.accounts().opened(pool);
        this.connected = pool.loop().done(pool);
        run.ledger().track(pool.closed(), "closed() of " + this, run.step());
    }

    private Pipes.Pipe pipe(Server server) {
        var hooks = new Hooks(run);
        hooks.actor = this;
        return Pipes.of(server.step.wire(), server.step.top(), hooks, () -> hooks, null);
    }

    private ClientProtocol<Object, Object> protocol() {
        ClientProtocol<Object, Object> protocol = byKey
                ? ClientProtocol.byKey(pipe.pipeline, Caller::key, Caller::key)
                : ClientProtocol.inOrder(pipe.pipeline);
        return protocol.deadline(Duration.ofMillis(step.deadlineMillis()))
                .inFlight(step.inFlight(), step.waits() ? ClientProtocol.WhenFull.WAIT : ClientProtocol.WhenFull.FAIL)
                .waiting(step.waiting());
    }

    private static Object key(Object message) {
        return ((Letter) message).number;
    }

    int listener() {
        return step.listener();
    }

    /** A request is being written to the wire, which must not happen after its deadline. */
    void encoded(int id) {
        Made made;
        synchronized (calls) {
            made = calls.get(id);
        }
        long late = Loops.of(connected).nanoTime() - made.at - made.deadline;
        if (late > 0 && !hadToWait && run.world().virtual()) {
            run.ledger().violated(6, this + ": call " + id + " was sent " + late + " ns after its deadline");
        }
    }

    /** A request has arrived at the server, which answers it soon. */
    void arrived(int id) {
        synchronized (calls) {
            Made made = calls.get(id);
            if (made.arrived && !again) {
                run.ledger().violated(5, this + ": call " + id + " has arrived twice");
            }
            made.arrived = true;
            checkFate(made, id);
        }
    }

    /** The server's loop begins an orderly close: requests that have arrived are answered, by servers that answer in order. */
    void serverCloses() {
        if (byKey) {
            return; // its connections close in good order, and nobody knows that an answer is still to be written
        }
        synchronized (calls) {
            for (Made each : calls) {
                each.mustBeAnswered = each.arrived
                        && !each.done
                        && each.plain
                        && !closedHere
                        && !planted
                        && !leftUnanswered
                        && !again;
            }
        }
    }

    /** Returns how many calls are unanswered, once everything that will arrive has arrived. On the loop. */
    int inFlight() {
        return client() instanceof Client<Object, Object> client
                        && !client.closed().isDone()
                ? client.unanswered()
                : 0;
    }

    /** Whether there is a reason for calls to be left without an answer. */
    boolean mayHaveInFlight() {
        Server server = run.server(step.listener());
        return planted
                || closedHere
                || server == null
                || server.planted
                || leftUnanswered
                || run.loops().closing(Loops.of(connected))
                || run.loops().closing(Loops.of(server.opened));
    }

    static Service service(Letter request) {
        return Service.of(request.second >> SERVICE_BITS);
    }

    static Duration serviceTime(Letter request) {
        return Duration.ofMillis(request.second & ((1 << SERVICE_BITS) - 1));
    }

    rill.@Nullable Caller<Object, Object> client() {
        return connected.isDone() && connected.failure() == null ? connected.result() : null;
    }

    /** Whether nothing is left of it, as far as its loop can still tell. */
    boolean hasEnded() {
        rill.Caller<Object, Object> client = client();
        return client == null || client.closed().isDone() || run.loops().closing(Loops.of(connected));
    }

    /** A call that was made. */
    private record Asked(Made made, int id, Future<Object> answer, Ledger.Given given) {}

    /** Makes a call. */
    Ledger.@Nullable Given call(Step.Call what) {
        rill.Caller<Object, Object> client = client();
        if (client == null) {
            return null;
        }
        if (what.wrap() == Step.Wrap.TASK) { // the Task calls when it begins: before that there is nothing to give up
            Future<?> task = Loops.of(connected).task("call", () -> askAndAwait(client, what));
            Ledger.Given calling = run.ledger().track(task, "a Task's call of " + this, run.step());
            calling.mayBeCancelled = true;
            return calling;
        }
        Asked asked = ask(client, what);
        if (what.wrap() == Step.Wrap.BARE) {
            asked.answer.onDone((value, failure) -> outcome(asked.made, asked.id, what, value, failure));
            return asked.given;
        }
        asked.given.mayBeCancelled = true;
        Future<?> wrapped = what.wrap() == Step.Wrap.MAP
                ? asked.answer.map(value -> {
                    outcome(asked.made, asked.id, what, value, null);
                    return Run.NOTHING;
                })
                : run.wrap(
                                asked.answer,
                                what.wrap(),
                                what.millis(),
                                failure -> run.judge().of(failure, this + ": a recover was given"))
                        .onDone((value, failure) -> outcome(asked.made, asked.id, what, value, failure));
        Ledger.Given all = run.ledger().track(wrapped, what.wrap() + " of " + asked.given, run.step());
        all.waitsForTime = what.wrap() == Step.Wrap.ANY;
        return all;
    }

    /** Calls and awaits the answer; within a Task. */
    private Object askAndAwait(rill.Caller<Object, Object> client, Step.Call what) throws IOException {
        Asked asked = ask(client, what);
        asked.given.mayBeCancelled = true;
        Object value;
        try {
            value = asked.answer.await();
        } catch (IOException | RuntimeException e) {
            outcome(asked.made, asked.id, what, null, e);
            throw e;
        }
        outcome(asked.made, asked.id, what, value, null);
        return Run.NOTHING;
    }

    private Asked ask(rill.Caller<Object, Object> client, Step.Call what) {
        int millis = what.deadlineMillis() == 0 ? step.deadlineMillis() : what.deadlineMillis();
        var made = new Made(
                Loops.of(connected).nanoTime(), TimeUnit.MILLISECONDS.toNanos(millis), what.wrap() == Step.Wrap.BARE);
        int id;
        synchronized (calls) {
            id = calls.size();
            calls.add(made);
        }
        if (step.inFlight() < 64 || what.size() > 10_000) {
            hadToWait = true;
        }
        if (what.service() == Service.NEVER || what.service() == Service.FAIL || what.service() == Service.THROW) {
            leftUnanswered = true;
        }
        int service = what.service().code << SERVICE_BITS | what.serviceMillis();
        var letter = new Letter(Letter.Kind.REQUEST, CHANNEL + number, id, what.size(), what.answer(), service);
        Object request = pipe.wrap(letter, run.ledger(), run.step());
        Future<Object> answer = what.deadlineMillis() == 0
                ? client.call(request)
                : client.call(request, Duration.ofMillis(wanted(what.deadlineMillis())));
        made.answer = answer;
        run.accounts().called();
        return new Asked(made, id, answer, run.ledger().track(answer, "the answer to " + letter, run.step()));
    }

    /** Returns the deadline to call with: that of the program, unless the world has a fault. */
    private int wanted(int millis) {
        if (run.has(Plant.HURRIES)) {
            return millis / 2;
        }
        return run.has(Plant.DAWDLES) ? 3 * millis : millis;
    }

    private void outcome(Made made, int id, Step.Call what, @Nullable Object value, @Nullable Throwable failure) {
        made.done = true;
        run.deadlines().isOver(Loops.of(connected), made.at, latest(made, what), () -> this + ": call " + id);
        run.userCode().at(Step.Place.CALLBACK, value instanceof io.netty.util.ReferenceCounted ? null : this);
        if (value == Run.NOTHING) {
            return;
        }
        if (failure != null) {
            failed(made, id, failure);
            return;
        }
        if (value == null) {
            run.ledger().violated(5, this + ": call " + id + " was answered by null");
            return;
        }
        for (Letter answer : pipe.reader(new Hooks(run)).read(value)) {
            if (answer.kind != Letter.Kind.ANSWER
                    || (answer.number != id && what.service() != Service.SHARED)
                    || (what.service() != Service.SHARED
                            && (answer.channel != CHANNEL + ANSWERS + number || answer.length != what.answer()))) {
                run.ledger().violated(5, this + ": call " + id + " was given " + answer);
            }
            answer.release();
        }
    }

    /** Returns after how many nanoseconds a call, or what was derived from it, has to be over. */
    private static long latest(Made made, Step.Call what) {
        long millis = TimeUnit.MILLISECONDS.toNanos(what.millis());
        return switch (what.wrap()) {
            case TIMEOUT -> Math.min(made.deadline, millis);
            case ANY -> millis;
            default -> made.deadline;
        };
    }

    /** Describes a call that is not over although the longest of all deadlines has passed; null if there is none. */
    @Nullable
    String pending() {
        if (run.loops().closing(Loops.of(connected))) {
            return null;
        }
        synchronized (calls) {
            for (int id = 0; id < calls.size(); id++) {
                Future<Object> answer = calls.get(id).answer;
                if (answer != null && !answer.isDone()) {
                    return this + ": call " + id + " is not over, and its deadline has passed long ago";
                }
            }
        }
        return null;
    }

    /** Checks that a call has not both arrived and failed as never sent; called by whichever of the two is noted last. */
    private void checkFate(Made made, int id) {
        if (made.arrived && made.neverSent) {
            run.ledger()
                    .violated(7, this + ": call " + id + " has arrived, and its failure says that it was never sent");
        }
    }

    private void failed(Made made, int id, Throwable told) {
        if (told instanceof CallFailedException failed
                && (failed.fate() == CallFailedException.Fate.NEVER_SENT || (byKey && run.has(Plant.WRONG_FATE)))) {
            made.neverSent = true;
            checkFate(made, id);
        }
        Throwable cause = told instanceof CallFailedException ? told.getCause() : null;
        Throwable failure = cause == null ? told : cause;
        if (failure instanceof DeadlineException) {
            // A long deadline may count from the beginning of the tick, which a Handle may have delayed.
            long slack = made.deadline >= LONG ? LONGEST_BUSY : 0;
            long passed = Loops.of(connected).nanoTime() - made.at;
            if (passed < made.deadline - slack
                    && !String.valueOf(failure.getMessage()).contains("was not done within")) {
                run.ledger().violated(6, this + ": call " + id + " was given up early: " + failure);
            }
            return;
        }
        if (made.mustBeAnswered && failure instanceof IOException && !closedHere) {
            run.ledger()
                    .violated(
                            1,
                            this + ": call " + id + " had arrived when its server began to close in good order: "
                                    + failure);
        }
        if (!(failure instanceof IOException)) {
            run.judge().of(failure, this + ": call " + id + " was given");
        }
    }

    void close(boolean finish) {
        rill.Caller<Object, Object> client = client();
        if (client != null) {
            closedHere = true;
            if (!finish) {
                client.close();
            }
            run.ledger().track(finish ? client.finish() : client.closed(), "the end of " + this, run.step());
        }
    }

    @Override
    public String toString() {
        return (pooled ? "pool " : "client ") + number;
    }
}
