package rill;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Pool} keeps its connections. Immutable; each method with parameters returns a changed copy. Facts about the protocol (a first step, a
 * probe, which requests are idempotent) belong to the {@link ClientProtocol}.
 *
 * <p><b>Errors:</b> options that contradict each other or the protocol are refused by name when the pool is made.
 */
public final class PoolOptions {
    /** What happens to a call while nothing is connected. */
    public enum WhenDown {
        /** The call waits for a connection, within its deadline. The bounds are those of the protocol for calls that wait for their turn. */
        WAIT,
        /** The call fails at once. This includes the first calls of a pool that is still connecting. */
        FAIL
    }

    private static final int FIRST_BUSY_AT = 32;

    private static final PoolOptions DEFAULTS = new PoolOptions(new Values());

    /** The values of an instance. Changed only before an instance holds them. */
    private static final class Values implements Cloneable {
        private int least = 1;
        private int most = 1;
        private OptionalInt busyAt = OptionalInt.empty();
        private ConnectOptions connect = ConnectOptions.defaults();
        private Duration firstPause = Duration.ofMillis(50);
        private Duration longestPause = Duration.ofSeconds(10);
        private WhenDown whenDown = WhenDown.WAIT;
        private int retries = 2;
        private double retryShare = 0.2;
        private Duration probeAfter = Duration.ZERO;
        private Duration probeWithin = Duration.ofSeconds(1);
        private Duration maxAge = Duration.ZERO;
        private Duration idleTime = Duration.ZERO;
        private @Nullable Consumer<? super PoolState> onState;

        @Override
        public Values clone() {
            try {
                return (Values) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private PoolOptions(Values values) {
        this.values = values;
    }

    private PoolOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new PoolOptions(copy);
    }

    /**
     * The default options: one connection, made at once and kept; pauses from 50 ms to 10 s between attempts to connect; calls wait while nothing is
     * connected; up to two second tries of an idempotent request, and no more second tries than a fifth of all calls; no probe, no bound of age or
     * idle time.
     */
    public static PoolOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says: how many

    /** How many connections are made at once and kept. If 0, the first call causes the first connection. */
    public int leastConnections() {
        return values.least;
    }

    /**
     * How many connections there may be; those beyond the least are made as needed: see {@link #busyAt()}. Connections that are ending count until
     * they are gone, but one that is lost or too old is replaced at once, so there may briefly be one more.
     */
    public int mostConnections() {
        return values.most;
    }

    /**
     * How many unanswered calls each connection has when another one is made, if the maximum allows it, for one more call, or for a caller that waits
     * for {@link Pool#writable}. If empty, 32, or the protocol's {@link ClientProtocol#inFlight} if that is less.
     */
    public OptionalInt busyAt() {
        return values.busyAt;
    }

    // ---- connecting

    /** How each connection is made: the time limit, a proxy, socket options. */
    public ConnectOptions connect() {
        return values.connect;
    }

    /**
     * The pause after the first failure to connect in a row. After each further one it is 1.6 times as long, up to {@link #longestPause()}; all plus
     * or minus a fifth. The row ends when a connection has answered a call, or has lasted longer than the longest pause.
     */
    public Duration firstPause() {
        return values.firstPause;
    }

    /** The longest pause between a failure to connect and the next attempt: see {@link #firstPause()}. */
    public Duration longestPause() {
        return values.longestPause;
    }

    // ---- calls

    /** What happens to a call while nothing is connected. */
    public WhenDown whenDown() {
        return values.whenDown;
    }

    /**
     * How often a call whose connection failed is tried again, within its deadline. A call whose request was never sent is tried as often as needed.
     * One that was sent is tried so many times if the protocol says that it is {@link ClientProtocol#idempotent idempotent}. 0 means no second try of
     * any kind.
     */
    public int retries() {
        return values.retries;
    }

    /**
     * Which share of all calls second tries of requests that were sent may be, from 0 to 1, so that a struggling peer is not overwhelmed. About ten
     * within ten seconds are allowed in any case.
     */
    public double retryShare() {
        return values.retryShare;
    }

    // ---- health

    /**
     * How long a connection is idle before the protocol's {@link ClientProtocol#probe} is made on it; zero for no probes. While calls are in flight
     * or wait, {@link ClientProtocol#dropAfter} serves the same purpose.
     */
    public Duration probeAfter() {
        return values.probeAfter;
    }

    /** Within what time a probe has to succeed; otherwise its connection is aborted. */
    public Duration probeWithin() {
        return values.probeWithin;
    }

    /**
     * At what age, or up to a fifth earlier, so that connections made together do not end together, a connection is replaced; zero for no bound. The
     * old connection takes no more calls, and ends when the calls already made have their answers.
     */
    public Duration maxAge() {
        return values.maxAge;
    }

    /**
     * How long a connection may be idle, or up to a fifth less, until it is closed if there are more than the least; zero for no bound.
     *
     * <p><b>Not guaranteed:</b> the exact time; it may be up to a quarter more.
     */
    public Duration idleTime() {
        return values.idleTime;
    }

    // ---- telling

    /** Is notified when the pool enters another kind of {@link PoolState}; null for nobody. */
    public @Nullable Consumer<? super PoolState> onState() {
        return values.onState;
    }

    // ---- changed copies

    /** With this many connections, made at once and kept. */
    public PoolOptions connections(int number) {
        return connections(number, number);
    }

    /** With at least {@code least} connections and at most {@code most}: see {@link #leastConnections()} and {@link #mostConnections()}. */
    public PoolOptions connections(int least, int most) {
        atLeast(0, least, "least connections");
        atLeast(1, most, "most connections");
        if (least > most) {
            throw new IllegalArgumentException("least connections, " + least + ", are more than most, " + most);
        }
        return with(copy -> {
            copy.least = least;
            copy.most = most;
        });
    }

    /** With another connection made when each has this many unanswered calls: see {@link #busyAt()}. */
    public PoolOptions busyAt(int calls) {
        atLeast(1, calls, "busyAt");
        return with(copy -> copy.busyAt = OptionalInt.of(calls));
    }

    /** With connections made in this way. */
    public PoolOptions connect(ConnectOptions newConnect) {
        Objects.requireNonNull(newConnect, "connect");
        return with(copy -> copy.connect = newConnect);
    }

    /** With these pauses between attempts to connect: see {@link #firstPause()} and {@link #longestPause()}. */
    public PoolOptions backOff(Duration first, Duration longest) {
        positive(first, "the first pause of backOff");
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("the longest pause of backOff, " + Wording.duration(longest)
                    + ", is less than the first, " + Wording.duration(first));
        }
        return with(copy -> {
            copy.firstPause = first;
            copy.longestPause = longest;
        });
    }

    /** With this done with calls while nothing is connected. */
    public PoolOptions whenDown(WhenDown newWhenDown) {
        Objects.requireNonNull(newWhenDown, "whenDown");
        return with(copy -> copy.whenDown = newWhenDown);
    }

    /** With so many further tries of each call: see {@link #retries()}. */
    public PoolOptions retries(int each) {
        atLeast(0, each, "retries");
        return with(copy -> copy.retries = each);
    }

    /** With second tries bounded to this share of all calls: see {@link #retryShare()}. */
    public PoolOptions retryShare(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("retryShare has to be from 0 to 1, not " + share);
        }
        return with(copy -> copy.retryShare = share);
    }

    /**
     * With a probe of each connection that has been idle for {@code afterIdle}, zero for none, which has to succeed within {@code within}: see
     * {@link #probeAfter()}.
     */
    public PoolOptions probe(Duration afterIdle, Duration within) {
        notNegative(afterIdle, "the idle time before a probe");
        positive(within, "the time for a probe");
        return with(copy -> {
            copy.probeAfter = afterIdle;
            copy.probeWithin = within;
        });
    }

    /** With connections replaced at this age, zero for no bound: see {@link #maxAge()}. */
    public PoolOptions maxAge(Duration age) {
        notNegative(age, "maxAge");
        return with(copy -> copy.maxAge = age);
    }

    /** With this bound on the idle time of a connection, zero for none: see {@link #idleTime()}. */
    public PoolOptions idleTime(Duration time) {
        notNegative(time, "idleTime");
        return with(copy -> copy.idleTime = time);
    }

    /**
     * With {@code listener} notified whenever the pool enters another kind of {@link PoolState}, as a callback on {@link Pool#loop()}. An exception
     * that it throws is reported.
     */
    public PoolOptions onState(Consumer<? super PoolState> listener) {
        Objects.requireNonNull(listener, "listener");
        return with(copy -> copy.onState = listener);
    }

    // ---- what does not go together

    /**
     * The number of calls at which a connection is busy.
     *
     * @throws IllegalArgumentException if two options contradict each other, or one contradicts the protocol
     */
    int requireConsistent(ClientProtocol<?, ?> protocol) {
        int least = leastConnections();
        String connections = "connections(" + mostConnections() + "), which never become ";
        boolean fixed = least == mostConnections();
        refuseIf(fixed && busyAt().isPresent(), "busyAt", connections + "more");
        refuseIf(fixed && !idleTime().isZero(), "idleTime", connections + "fewer");
        refuseIf(
                !connect().idleTime().isZero(),
                "idleTime of its ConnectOptions, which fails a connection",
                "a Pool, which would connect it again at once; say PoolOptions.idleTime");
        refuseIf(
                !probeAfter().isZero() && protocol.upkeep.probe() == null,
                "probe",
                "a ClientProtocol without one; say ClientProtocol.probe");
        refuseIf(
                least == 0 && isNotLess(probeAfter(), idleTime()),
                "probe(" + probeAfter() + ")",
                "idleTime(" + idleTime() + "), which closes a connection before");
        refuseIf(
                isNotLess(probeAfter(), maxAge()),
                "probe(" + probeAfter() + ")",
                "maxAge(" + maxAge() + "), which replaces a connection before");
        refuseIf(
                isNotLess(idleTime(), maxAge()),
                "idleTime(" + idleTime() + ")",
                "maxAge(" + maxAge() + "), which replaces a connection before");
        refuseIf(
                least == 0 && whenDown() == WhenDown.FAIL,
                "whenDown(FAIL)",
                "connections(0, " + mostConnections() + "): only a call that waits has the first one made");
        boolean failsWhenFull = protocol.bounds.whenFull() == ClientProtocol.WhenFull.FAIL;
        refuseIf(
                whenDown() == WhenDown.WAIT && failsWhenFull,
                "whenDown(WAIT)",
                "WhenFull.FAIL of the ClientProtocol, by which those that have waited would fail; say whenDown(FAIL)");
        refuseIf(
                whenDown() == WhenDown.WAIT && (protocol.bounds.waiting() == 0 || protocol.bounds.waitingBytes() == 0),
                "whenDown(WAIT)",
                "a ClientProtocol that lets no call wait; say whenDown(FAIL)");
        return busyAt().orElse(Math.min(FIRST_BUSY_AT, protocol.bounds.inFlight()));
    }

    /** Whether both are bounds, and the first takes no less than the other. */
    private static boolean isNotLess(Duration one, Duration other) {
        return !one.isZero() && !other.isZero() && one.compareTo(other) >= 0;
    }

    private static void refuseIf(boolean contradiction, String one, String other) {
        if (contradiction) {
            throw new IllegalArgumentException("PoolOptions: " + one + " contradicts " + other);
        }
    }

    private static void atLeast(int least, int number, String what) {
        if (number < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + number);
        }
    }

    private static void positive(Duration time, String what) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(what + " has to be positive, not " + time);
        }
    }

    private static void notNegative(Duration time, String what) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(what + " can't be negative: " + time);
        }
    }

    @Override
    public String toString() {
        String busy = busyAt().isPresent() ? ", busyAt=" + busyAt().getAsInt() : "";
        return "PoolOptions[connections=" + leastConnections() + ".." + mostConnections() + busy + ", connect="
                + connect() + ", backOff=" + firstPause() + ".." + longestPause() + ", whenDown=" + whenDown()
                + ", retries=" + retries() + ", retryShare=" + retryShare() + ", probe=" + probeAfter() + " within "
                + probeWithin() + ", maxAge=" + maxAge() + ", idleTime=" + idleTime() + "]";
    }
}
