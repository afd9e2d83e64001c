package rill.testkit.storm;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.CancelledException;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Promise;
import rill.Report;
import rill.Reporter;
import rill.testkit.storm.Step.Place;
import rill.testkit.storm.Step.Via;
import rill.testkit.storm.Step.Wrap;

/** One run of a {@link Program} in a {@link World}: carries its steps out, and holds Rill to its laws meanwhile and in the end. */
final class Run {
    static final int LOOPS = 3;
    static final int GROUP = LOOPS; // the number that stands for a group of loops
    static final int MEMBERS = 2; // of the group; they have the numbers that follow
    static final int CONNECTIONS = 4;
    static final int CONTROL = CONNECTIONS; // the connection that nothing may disturb
    static final int LISTENERS = 4;
    static final int CLIENTS = 3;
    static final int FUTURES = 8;

    /** What a wrapped Future gives when it gives no message. */
    static final Object NOTHING = new Object();

    private static final int STEPS_PER_PING = 8;

    private final Program program;
    private final World world;
    private final Ledger ledger = new Ledger();
    private final Accounts accounts = new Accounts(ledger);
    private final @Nullable Loop[] loops = new @Nullable Loop[LOOPS + MEMBERS];
    private final boolean[] closing = new boolean[LOOPS + MEMBERS];
    private final boolean[] closedEarly = new boolean[LOOPS + MEMBERS];
    private final @Nullable Hooks[] opening = new @Nullable Hooks[LOOPS + MEMBERS];
    private @Nullable LoopGroup group;
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
    private final AtomicInteger calls = new AtomicInteger();
    private volatile int throwAt = -1;
    private int callsInSteps;
    private final Set<Throwable> untold =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private long trace; // in virtual time, where there is one thread
    private volatile Step.Thrown throwsThere = Step.Thrown.UNCHECKED;
    private long pings;

    /** A connection that came in, and the sessions that were opened for it. */
    private record Accepted(Server server, Connection<Object, Object> connection, Hooks hooks) {}

    Run(Program program, World world) {
        this.program = program;
        this.world = world;
    }

    Ledger ledger() {
        return ledger;
    }

    World world() {
        return world;
    }

    /** Throws what somebody has to be told of. */
    Object fail() {
        var failure = new Planned.Unchecked();
        untold.add(failure);
        throw failure;
    }

    /** How many failures nobody was told of. */
    int untold() {
        return untold.size();
    }

    /** Whether the world has this fault, which is not Rill's. */
    boolean has(Plant fault) {
        return world instanceof MemoryWorld memory && memory.has(fault);
    }

    int step() {
        return step;
    }

    long now() {
        return loop(0).nanoTime();
    }

    boolean rubbish() {
        return rubbish;
    }

    /** Throws the violation if there is one. */
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

    // ---- loops

    /** The loop that a Future belongs to. */
    static Loop loopOf(Future<?> future) {
        return (Loop) future.executor();
    }

    Loop loop(int number) {
        Loop loop = loops[number];
        if (loop == null) {
            loop = open(number);
            loops[number] = loop;
            world.opened(loop, number);
        }
        return loop;
    }

    private Loop open(int number) {
        try {
            return Loop.open(options(number).name("L" + number));
        } catch (IOException e) {
            throw new IllegalStateException("loop " + number + " can't be opened", e);
        }
    }

    private LoopOptions options(int number) throws IOException {
        LoopOptions options = LoopOptions.defaults()
                .transport(world.transport(number))
                .slowHandle(Duration.ZERO)
                .reporter(new Reports());
        return Accounts.observes(number) ? options.observer(accounts) : options;
    }

    Accounts accounts() {
        return accounts;
    }

    /** A group of loops, or null in a world that has none: in virtual time nothing is started. */
    @Nullable
    LoopGroup group() {
        if (group == null && !world.virtual()) {
            try {
                LoopGroup opened = LoopGroup.open(MEMBERS, options(GROUP).name("G"));
                for (int i = 0; i < MEMBERS; i++) {
                    loops[GROUP + i] = opened.loops().get(i);
                }
                group = opened;
            } catch (IOException e) {
                throw new IllegalStateException("a group can't be opened", e);
            }
        }
        return group;
    }

    /** Those that were opened. */
    List<Loop> loops() {
        var opened = new ArrayList<Loop>();
        for (Loop each : loops) {
            if (each != null) {
                opened.add(each);
            }
        }
        return opened;
    }

    int numberOf(@Nullable Loop loop) {
        for (int i = 0; i < loops.length; i++) {
            if (loop != null && loops[i] == loop) {
                return i;
            }
        }
        return -1;
    }

    Loop another(Loop than) {
        int number = Math.max(0, numberOf(than));
        Loop other = loop(number == 0 ? 1 : 0);
        return other.closed() ? than : other;
    }

    boolean closing(Loop loop) {
        int number = numberOf(loop);
        return loop.closed() || (number >= 0 && closing[number]);
    }

    /** Whether the program closed it; at the time, everything else was still open. */
    boolean closedEarly(Loop loop) {
        int number = numberOf(loop);
        return number >= 0 && closedEarly[number];
    }

    /** Whether the program has closed a member of the group. */
    boolean memberClosed() {
        return closedEarly[GROUP + MEMBERS - 1];
    }

    boolean closingWanted(Loop loop) {
        int number = numberOf(loop);
        return number >= 0 && closing[number];
    }

    void closesEarly(int number) {
        closedEarly[number] = true;
        closing[number] = true;
    }

    void noteClosing(int number) {
        closing[number] = true;
    }

    /** Which channel of an end a letter belongs to that is written now. */
    int source(Loop of) {
        Loop current = Loop.current();
        if (current == of) {
            return 0;
        }
        int number = Math.max(0, numberOf(current));
        return current == null ? 1 + world.thread() : number < LOOPS ? 2 + number : 5 + number;
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

    /** Who wrote a letter, or to whom it goes. */
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

    /** What is known by a number in {@link Step.Trap}. */
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

    /** The hooks of the connection that is being opened on the current loop. */
    Hooks opening() {
        int number = Math.max(0, numberOf(Loop.current()));
        Hooks hooks = opening[number];
        if (hooks == null) {
            hooks = new Hooks(this);
            opening[number] = hooks;
        }
        return hooks;
    }

    Hooks openingEnds() {
        Hooks hooks = opening();
        opening[Math.max(0, numberOf(Loop.current()))] = null;
        return hooks;
    }

    /** On the loop of the connection. */
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

    /** Brings the two ends of connections together. */
    private void match() {
        synchronized (accepted) {
            for (Accepted each : List.copyOf(accepted)) {
                SocketAddress remote = each.connection.remoteAddress();
                for (int id = 0; id < ends.length; id += 2) {
                    End connecting = ends[id];
                    if (connecting != null && ends[id + 1] == null && remote.equals(connecting.local)) {
                        accepted.remove(each);
                        Step.Listen how = each.server.step;
                        var end = new End(
                                this, id + 1, how.form(), how.marks(), how.onFailure(), each.server.pipe(), each.hooks);
                        ends[id + 1] = end;
                        onLoop(each.connection.loop(), () -> end.attach(each.connection));
                        break;
                    }
                }
            }
        }
    }

    /** Asks something on the loop. */
    <T> T ask(Loop loop, Callable<T> question) {
        try {
            return world.virtual() ? question.call() : loop.<T>submit(question).await();
        } catch (Exception e) {
            throw ledger.violated(4, loop + " can't be asked any more: " + e);
        }
    }

    /** In a Handle, even if this is the loop. */
    void onLoopLater(Loop loop, Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException closed) {
            // Then nothing more happens there.
        }
    }

    /** Something has happened that is to happen in the same way when the program is run again. */
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
                // Then nothing more happens there.
            }
        }
    }

    // ---- the connection that nothing may disturb

    private void openControl() {
        perform(new Step.Listen(
                LISTENERS, 1, "length", "letter", Step.Form.ECHO, Step.Marks.USUAL, Step.OnFailure.LISTEN));
        perform(new Step.Connect(
                CONTROL, 0, LISTENERS, false, "codec", Step.Form.PUSH, Step.Marks.USUAL, Step.OnFailure.LISTEN));
        world.until(Duration.ofSeconds(5), () -> {
            End accepting = ends[2 * CONTROL + 1];
            return accepting != null && accepting.connection() != null;
        });
        if (ends[2 * CONTROL + 1] == null) {
            throw ledger.violated(4, "two loops could not connect to each other");
        }
    }

    private void ping() {
        End control = Objects.requireNonNull(ends[2 * CONTROL]);
        pings++;
        loops().forEach(accounts::look);
        onLoop(Objects.requireNonNull(control.loop()), () -> control.write(20, Step.Estimate.RIGHT));
    }

    long pings() {
        return pings;
    }

    // ---- steps

    /** Carries out a step at once, where the calling thread is. */
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
            judge(t, "a call threw");
        }
    }

    /** Has it called where it is said; what can't be done there any more is left out. */
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
                case OTHER_LOOP -> another(loop).execute(attempt);
                case CALLBACK -> {
                    Promise<Object> promise = loop.promise();
                    promise.onDone((value, failure) -> attempt.run());
                    promise.complete(NOTHING);
                }
                case THREAD -> world.onThread(attempt);
                case VIRTUAL -> world.onVirtualThread(attempt);
            }
        } catch (RejectedExecutionException | IllegalStateException e) {
            judge(e, "a step could not be begun");
        }
    }

    // ---- Futures

    /** A Future around another one; what it gives is the message, or {@link #NOTHING}, or null. */
    @SuppressWarnings("unchecked") // what can be read as one can be read as the other
    Future<@Nullable Object> wrap(
            Future<? extends @Nullable Object> message, Wrap wrap, int millis, Consumer<Throwable> recovered) {
        var bare = (Future<@Nullable Object>) message;
        return switch (wrap) {
            case TIMEOUT -> bare.timeout(Duration.ofMillis(millis));
            case ANY ->
                Future.<@Nullable Object>any(
                        bare, loopOf(bare).delay(Duration.ofMillis(millis)).map(nothing -> NOTHING));
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

    void keep(int into, Future<?> future, String what) {
        futures[into] = ledger.track(future, what, step);
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
                .closing(Duration.ofSeconds(world.virtual() ? 2 : 20), 64 * 1024);
    }

    // ---- user code is called

    void at(Place place, @Nullable Actor actor) {
        if (actor == null) {
            return;
        }
        trace(place.name().hashCode() + 31 * step);
        boolean controls = actor instanceof End end && end.id / 2 == CONTROL;
        if (!controls && calls.getAndIncrement() == throwAt) {
            actor.planted = true;
            Planned.<RuntimeException>sneak(thrown(throwsThere));
        }
        Step then = actor.sprung(place);
        if (then instanceof Step.Throw what) {
            actor.planted = true;
            Planned.<RuntimeException>sneak(thrown(what.thrown()));
        } else if (then != null) {
            performHere(then);
        }
    }

    /** The n-th time that anybody's code is called from now on, it throws. */
    void throwAt(int nth, Step.Thrown thrown) {
        throwsThere = thrown;
        throwAt = calls.get() + nth;
    }

    /** How often anybody's code was called before it settled. */
    int calls() {
        return callsInSteps;
    }

    private static Throwable thrown(Step.Thrown kind) {
        return switch (kind) {
            case UNCHECKED -> new Planned.Unchecked();
            case ERROR -> new Planned.Serious();
            case IO -> new Planned.OfNetwork();
        };
    }

    void rubbishIsWritten() {
        rubbish = true;
    }

    /** From now on nothing is held up any more. */
    void settles() {
        settling = true;
        throwAt = -1;
        callsInSteps = calls.get();
    }

    void refusesMemory(boolean refuses) {
        refusing = refuses;
    }

    /** Whether one piece of memory is refused. */
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

    void beforeSettling(Runnable action) {
        synchronized (beforeSettling) {
            beforeSettling.add(action);
        }
    }

    List<Runnable> takeBeforeSettling() {
        synchronized (beforeSettling) {
            var taken = List.copyOf(beforeSettling);
            beforeSettling.clear();
            return taken;
        }
    }

    /** The connections that came in for a connecting end that had lost interest; from now on such are closed as they come. */
    List<Connection<Object, Object>> takeOrphans() {
        synchronized (accepted) {
            orphansAreClosed = true;
            var orphans = new ArrayList<Connection<Object, Object>>();
            accepted.forEach(each -> orphans.add(each.connection));
            accepted.clear();
            return orphans;
        }
    }

    // ---- judging

    /** Something was thrown, or is the failure of something: whether that may be. */
    void judge(Throwable failure, String where) {
        if (Planned.is(failure)
                || failure instanceof IOException
                || failure instanceof CancelledException
                || failure instanceof RejectedExecutionException) {
            return;
        }
        if (failure instanceof IllegalStateException && expected(String.valueOf(failure.getMessage()))) {
            return;
        }
        var violation = ledger.violated(4, where + " " + failure);
        if (violation.getSuppressed().length == 0) {
            violation.addSuppressed(failure);
        }
    }

    private static boolean expected(String message) {
        return message.contains("is closed")
                || message.contains("is closing")
                || message.contains("another pipeline")
                || message.contains("drives")
                || message.contains("use one of the two")
                || message.contains("is being driven")
                || message.contains("to be replaced")
                || message.contains("within a call of a session")
                || message.contains("still holds back writes");
    }

    /** Hears what is reported. A class, not a lambda: a loop may refer to it, and to no other function of a program. */
    private final class Reports implements Reporter {
        @Override
        public void report(Report report) {
            if (has(Plant.SILENT)) {
                return;
            }
            Throwable cause = report.cause();
            if (cause != null) {
                untold.remove(cause);
            }
            reported(report);
        }
    }

    private void reported(Report report) {
        switch (report) {
            case Report.Thrown thrown -> judge(thrown.cause(), "it was reported that " + thrown.what() + " threw");
            case Report.Unobserved unobserved ->
                judge(unobserved.cause(), "it was reported that nobody looked at the failure of " + unobserved.what());
            case Report.ConnectionFailed failed -> connectionFailed(failed);
            case Report.AcceptPaused paused -> ledger.violated(4, "it was reported: " + paused.message());
            case Report.Survivors survivors -> survived(survivors);
            default -> {}
        }
    }

    /** Whether what this address has connected to has failed at the other end, which was reported: perhaps before anybody was given it. */
    boolean failedAtPeer(@Nullable SocketAddress local) {
        return failedConnections.contains("connection to " + local);
    }

    private void connectionFailed(Report.ConnectionFailed report) {
        failedConnections.add(report.connection());
        for (End each : ends) {
            if (each != null
                    && each.connection() != null
                    && report.connection().equals(each.connection().toString())) {
                each.failed = true;
            }
        }
        judge(report.cause(), "it was reported that a connection failed:");
    }

    private void survived(Report.Survivors report) {
        if (!survivorsAllowed) {
            ledger.violated(3, "it was reported: " + report.message());
        }
    }

    private final Set<String> failedConnections = ConcurrentHashMap.newKeySet();
    private volatile boolean survivorsAllowed;

    void allowSurvivors(boolean allowed) {
        survivorsAllowed = allowed;
    }
}
