package rill.testkit.storm;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.testkit.storm.Step.Via;
import rill.testkit.storm.Step.Wrap;

/** One run of a {@link Program} in a {@link World}: performs its steps, and checks that Rill keeps its laws meanwhile and in the end. */
final class Run {
    static final int LOOPS = 3;
    static final int GROUP = LOOPS; // the number that stands for a group of loops
    static final int MEMBERS = 2; // of the group; they have the numbers that follow
    static final int CONNECTIONS = 4;
    static final int CONTROL = CONNECTIONS; // the connection that nothing may disturb
    static final int LISTENERS = 4;
    static final int CLIENTS = 3;
    static final int FUTURES = 8;

    /** The value of a wrapped Future that delivers no message. */
    static final Object NOTHING = new Object();

    private static final int STEPS_PER_PING = 8;

    private final Program program;
    private final World world;
    private final Ledger ledger = new Ledger();
    private final Accounts accounts;
    private final Judge judge = new Judge(this);
    private final UserCode userCode = new UserCode(this);
    private final Deadlines deadlines;
    private final Loops loops;
    private final @Nullable Hooks[] opening = new @Nullable Hooks[LOOPS + MEMBERS];
    private final @Nullable Server[] servers = new @Nullable Server[LISTENERS + 1];
    private final @Nullable Caller[] callers = new @Nullable Caller[CLIENTS];
    private final @Nullable End[] ends = new @Nullable End[2 * (CONNECTIONS + 1)];
    private final Ledger.@Nullable Given[] futures = new Ledger.@Nullable Given[FUTURES];
    private final List<Runnable> beforeSettling = new ArrayList<>();
    private final List<Accepted> accepted = new ArrayList<>(); // whose other end is not known yet
    private boolean orphansAreClosed; // guarded by accepted
    private volatile int step;
    private volatile boolean rubbish;
    private volatile boolean settling;
    private volatile boolean refusing;
    private long trace; // in virtual time, where there is one thread
    private long pings;

    /** An accepted connection, and the hooks of the sessions that were opened for it. */
    private record Accepted(Server server, Connection<Object, Object> connection, Hooks hooks) {}

    Run(Program program, World world) {
        this.program = program;
        this.world = world;
        this.accounts = new Accounts(ledger, world.virtual());
        this.loops = new Loops(world, judge, accounts);
        this.deadlines = new Deadlines(this, program);
    }

    Ledger ledger() {
        return ledger;
    }

    World world() {
        return world;
    }

    Loops loops() {
        return loops;
    }

    Judge judge() {
        return judge;
    }

    UserCode userCode() {
        return userCode;
    }

    Accounts accounts() {
        return accounts;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    /** Whether the program makes connections that it loses, which have no end here. */
    boolean losesConnections() {
        return program.steps().stream().anyMatch(Step.Lose.class::isInstance);
    }

    /** Whether the world has this fault, which is not Rill's. */
    boolean has(Plant fault) {
        return world instanceof MemoryWorld memory && memory.has(fault);
    }

    int step() {
        return step;
    }

    long now() {
        return loops.get(0).nanoTime();
    }

    boolean rubbish() {
        return rubbish;
    }

    /** Runs the program. Throws the violation if there is one. */
    void execute() {
        try {
            openControl();
            int number = 0;
            for (Step each : program.steps()) {
                step = ++number;
                if (number % STEPS_PER_PING == 0) {
                    ping();
                }
                perform(each);
                deadlines.check();
                check();
            }
            step = ++number;
            new Settling(this).settle();
            check();
            trace((int) now());
        } finally {
            world.close();
        }
    }

    void check() {
        Violation found = ledger.violation();
        if (found != null) {
            throw found;
        }
    }

    // ---- ends

    @Nullable
    End end(int id) {
        return id >= 0 && id < ends.length ? ends[id] : null;
    }

    @Nullable
    Caller caller(int number) {
        return callers[number];
    }

    @Nullable
    Server server(int number) {
        return servers[number];
    }

    /** Returns the writer of a letter, or its receiver if {@code incoming}. */
    @Nullable
    Actor actorOf(Letter letter, boolean incoming) {
        boolean asks = letter.kind == Letter.Kind.REQUEST;
        if (asks || letter.kind == Letter.Kind.ANSWER) {
            int number = letter.channel - Caller.CHANNEL - (asks ? 0 : Caller.ANSWERS);
            Caller caller = number >= 0 && number < CLIENTS ? callers[number] : null;
            return caller == null || asks != incoming ? caller : servers[caller.listener()];
        }
        int id = letter.channel / End.SOURCES;
        return id < ends.length ? ends[incoming ? id ^ 1 : id] : null;
    }

    /** Returns the actor with this number in {@link Step.Trap}. */
    @Nullable
    Actor actor(int number) {
        if (number >= Actor.SERVERS) {
            return number - Actor.SERVERS < LISTENERS ? servers[number - Actor.SERVERS] : null;
        }
        if (number >= Actor.CLIENTS) {
            return number - Actor.CLIENTS < CLIENTS ? callers[number - Actor.CLIENTS] : null;
        }
        return number < 2 * CONNECTIONS ? end(number) : null;
    }

    /** Returns the hooks of the connection that is being opened on the current loop. */
    Hooks opening() {
        int number = Math.max(0, loops.numberOf(Loop.current()));
        Hooks hooks = opening[number];
        if (hooks == null) {
            hooks = new Hooks(this);
            opening[number] = hooks;
        }
        return hooks;
    }

    Hooks openingEnds() {
        Hooks hooks = opening();
        opening[Math.max(0, loops.numberOf(Loop.current()))] = null;
        return hooks;
    }

    /** A connection was accepted. On its loop. */
    void accepted(Server server, Connection<Object, Object> connection, Hooks hooks) {
        synchronized (accepted) {
            accepted.add(new Accepted(server, connection, hooks));
        }
        match();
        synchronized (accepted) {
            if (orphansAreClosed && accepted.removeIf(each -> each.connection == connection)) {
                attempt(connection::close);
            }
        }
    }

    /** Matches the two ends of each connection. */
    private void match() {
        synchronized (accepted) {
            for (Accepted each : List.copyOf(accepted)) {
                SocketAddress remote = each.connection.remoteAddress();
                for (int id = 0; id < ends.length; id += 2) {
                    End connecting = ends[id];
                    if (connecting != null
                            && ends[id + 1] == null
                            && connecting.isFor(each.server)
                            && remote.equals(connecting.local)) {
                        accepted.remove(each);
                        Step.Listen how = each.server.step;
                        var end = new End(
                                this, id + 1, how.form(), how.marks(), how.onFailure(), each.server.pipe(), each.hooks);
                        ends[id + 1] = end;
                        onLoop(each.connection.loop(), () -> {
                            end.attach(each.connection);
                            if (closesAll()) { // accepted so late that nobody has closed it
                                end.noteClosed();
                                attempt(each.connection::close);
                            }
                        });
                        break;
                    }
                }
            }
        }
    }

    /** Evaluates a question on the loop. */
    <T> T ask(Loop loop, Callable<T> question) {
        try {
            return world.virtual() ? question.call() : loop.<T>submit(question).await();
        } catch (Exception e) {
            throw ledger.violated(4, loop + " can't be asked any more: " + e);
        }
    }

    /** Runs the action in a Handle, even if the current thread is the loop's. */
    void onLoopLater(Loop loop, Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException closed) {
            // In that case nothing more happens there.
        }
    }

    /** Notes an event that has to be the same whenever the program is run. */
    void trace(int what) {
        trace = (trace ^ what) * 0x9E3779B97F4A7C15L + (trace >>> 29);
    }

    long fingerprint() {
        return trace;
    }

    void onLoop(Loop loop, Runnable action) {
        if (Loop.current() == loop) {
            action.run();
        } else {
            try {
                loop.execute(action);
            } catch (RejectedExecutionException closed) {
                // In that case nothing more happens there.
            }
        }
    }

    // ---- the connection that nothing may disturb

    private void openControl() {
        perform(new Step.Listen(
                LISTENERS, 1, "length", "letter", Step.Form.ECHO, Step.Marks.USUAL, Step.OnFailure.LISTEN));
        perform(new Step.Connect(
                CONTROL, 0, LISTENERS, false, "codec", Step.Form.PUSH, Step.Marks.USUAL, Step.OnFailure.LISTEN));
        world.until(Duration.ofSeconds(5), () -> isConnected(2 * CONTROL) && isConnected(2 * CONTROL + 1));
        if (!isConnected(2 * CONTROL) || !isConnected(2 * CONTROL + 1)) {
            throw ledger.violated(4, "two loops could not connect to each other");
        }
    }

    private boolean isConnected(int id) {
        End end = ends[id];
        return end != null && end.connection() != null;
    }

    private void ping() {
        End control = Objects.requireNonNull(ends[2 * CONTROL]);
        pings++;
        loops.opened().forEach(accounts::look);
        onLoop(Objects.requireNonNull(control.loop()), () -> control.write(20, Step.Estimate.RIGHT));
    }

    long pings() {
        return pings;
    }

    // ---- steps

    /** Performs a step at once, on the calling thread. */
    void performHere(Step what) {
        new Performer(this, true).perform(what);
    }

    private void perform(Step what) {
        new Performer(this, false).perform(what);
    }

    /** Calls something on behalf of the program, and judges what it throws. */
    void attempt(Runnable call) {
        try {
            call.run();
        } catch (Throwable t) {
            judge.of(t, "a call threw");
        }
    }

    /** Runs the call where {@code via} says; drops it if that is no longer possible. */
    void dispatch(Via via, Loop loop, Runnable call) {
        Runnable attempt = () -> attempt(call);
        try {
            switch (via) {
                case LOOP -> loop.execute(attempt);
                case OUTSIDE -> attempt.run();
                case TASK ->
                    loop.task("step", () -> {
                        attempt.run();
                        return null;
                    });
                case OTHER_LOOP -> loops.another(loop).execute(attempt);
                case CALLBACK -> {
                    Promise<Object> promise = loop.promise();
                    promise.onDone((value, failure) -> attempt.run());
                    promise.complete(NOTHING);
                }
                case THREAD -> world.onThread(attempt);
                case VIRTUAL -> world.onVirtualThread(attempt);
            }
        } catch (RejectedExecutionException | IllegalStateException e) {
            judge.of(e, "a step could not be begun");
        }
    }

    // ---- Futures

    /** Returns a Future around another one. Its value is the message, {@link #NOTHING}, or null. */
    @SuppressWarnings("unchecked") // what can be read as one can be read as the other
    Future<@Nullable Object> wrap(
            Future<? extends @Nullable Object> message, Wrap wrap, int millis, Consumer<Throwable> recovered) {
        var bare = (Future<@Nullable Object>) message;
        return switch (wrap) {
            case TIMEOUT -> bare.timeout(Duration.ofMillis(millis));
            case ANY ->
                Future.<@Nullable Object>any(
                        bare, Loops.of(bare).delay(Duration.ofMillis(millis)).map(nothing -> NOTHING));
            case RECOVER ->
                bare.recover(failure -> {
                    recovered.accept(failure);
                    return NOTHING;
                });
            default -> bare;
        };
    }

    void keep(int into, Ledger.@Nullable Given given) {
        if (given != null) {
            futures[into] = given;
        }
    }

    Ledger.Given keep(int into, Future<?> future, String what) {
        Ledger.Given given = ledger.track(future, what, step);
        futures[into] = given; // and another thread may replace it at once
        return given;
    }

    Ledger.@Nullable Given kept(int number) {
        return futures[number];
    }

    void put(int number, Server server) {
        servers[number] = server;
    }

    void put(int number, Caller caller) {
        callers[number] = caller;
    }

    void put(int id, End end) {
        ends[id] = end;
    }

    void connected(End end, Connection<Object, Object> connection) {
        end.local = connection.localAddress();
        end.attach(connection);
        match();
    }

    ConnectOptions options(Step.Marks marks) {
        return ConnectOptions.defaults().limits(limits(marks));
    }

    ConnectionLimits limits(Step.Marks marks) {
        return ConnectionLimits.defaults()
                .waterMarks(marks.low, marks.high, marks.hard)
                .closeProgress(Duration.ofSeconds(world.virtual() ? 2 : 20))
                .drainBytes(64 * 1024);
    }

    void rubbishIsWritten() {
        rubbish = true;
    }

    /** From now on nothing is held up any more. */
    void settles() {
        settling = true;
        userCode.settles();
    }

    void refusesMemory(boolean refuses) {
        refusing = refuses;
    }

    /** Whether one allocation of memory is refused. */
    boolean refusesMemory() {
        return refusing;
    }

    boolean settling() {
        return settling;
    }

    /** A server's code throws while it serves this request. */
    void plantedAt(Letter request) {
        Caller caller = callers[request.channel - Caller.CHANNEL];
        if (caller != null) {
            caller.planted = true;
        }
    }

    /** Runs an action before the program settles; at once if it already does. */
    void beforeSettling(Runnable action) {
        synchronized (beforeSettling) {
            if (!settling) {
                beforeSettling.add(action);
                return;
            }
        }
        action.run();
    }

    List<Runnable> takeBeforeSettling() {
        synchronized (beforeSettling) {
            var taken = List.copyOf(beforeSettling);
            beforeSettling.clear();
            return taken;
        }
    }

    private boolean closesAll() {
        synchronized (accepted) {
            return orphansAreClosed;
        }
    }

    /** Returns the connections accepted for a client that had lost interest. From now on all connections are closed as they arrive. */
    List<Connection<Object, Object>> takeOrphans() {
        synchronized (accepted) {
            orphansAreClosed = true;
            var orphans = new ArrayList<Connection<Object, Object>>();
            accepted.forEach(each -> orphans.add(each.connection));
            accepted.clear();
            return orphans;
        }
    }
}
