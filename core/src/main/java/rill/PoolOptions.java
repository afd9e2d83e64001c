package rill;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Pool} keeps its connections. Immutable: each method that takes an argument returns a changed copy. Facts about the protocol (a first
 * step, a probe, which requests are idempotent) belong to the {@link ClientProtocol}.
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

    private static final PoolOptions DEFAULTS = new PoolOptions(new Draft());

    final Draft is;

    /** All options while they are put together; one that is in use is never changed. */
    static final class Draft implements Cloneable {
        int least = 1;
        int most = 1;

        @Nullable
        Integer busyAt; // null for the default

        ConnectOptions connect = ConnectOptions.defaults();
        Duration firstPause = Duration.ofMillis(50);
        Duration longestPause = Duration.ofSeconds(10);
        WhenDown whenDown = WhenDown.WAIT;
        int retries = 2;
        double retryShare = 0.2;

        @Nullable
        Duration maxAge;

        @Nullable
        Duration idleTime;

        @Nullable
        Duration probeAfter;

        Duration probeWithin = Duration.ofSeconds(1);

        @Nullable
        Consumer<? super PoolState> listener;

        Draft copy() {
            try {
                return (Draft) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private PoolOptions(Draft is) {
        this.is = is;
    }

    private PoolOptions changed(Consumer<Draft> change) {
        Draft draft = is.copy();
        change.accept(draft);
        return new PoolOptions(draft);
    }

    /**
     * One connection, made at once and kept; pauses from 50 ms to 10 s between attempts to connect; calls wait while nothing is connected; up to two
     * second tries of an idempotent request, and no more second tries than a fifth of all calls; no probe, no bound of age or idle time.
     */
    public static PoolOptions defaults() {
        return DEFAULTS;
    }

    // ---- how many

    /** Keeps this many connections, made at once. */
    public PoolOptions connections(int number) {
        return connections(number, number);
    }

    /**
     * Keeps at least {@code least} connections, which are made at once, and up to {@code most}, which are made as needed: see {@link #busyAt}. If
     * {@code least} is 0, the first call causes the first connection. Connections that are ending count until they are gone, but one that is lost or
     * too old is replaced at once, so there may briefly be one more.
     */
    public PoolOptions connections(int least, int most) {
        requireAtLeast(0, least, "least connections");
        requireAtLeast(1, most, "most connections");
        if (least > most) {
            throw new IllegalArgumentException("least connections, " + least + ", are more than most, " + most);
        }
        return changed(draft -> {
            draft.least = least;
            draft.most = most;
        });
    }

    /**
     * Makes another connection, if the maximum allows it, when each has this many unanswered calls and there is one more call, or a caller waits for
     * {@link Pool#writable}. The default is 32, or the protocol's
     * {@link ClientProtocol#inFlight} if that is less.
     */
    public PoolOptions busyAt(int calls) {
        requireAtLeast(1, calls, "busyAt");
        return changed(draft -> draft.busyAt = calls);
    }

    // ---- connecting

    /** Sets how each connection is made: the time limit, a proxy, socket options. */
    public PoolOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        return changed(draft -> draft.connect = options);
    }

    /**
     * Sets the pause between a failure and the next attempt to connect: {@code first} after the first failure in a row, then 1.6 times as long after
     * each further one, up to {@code longest}, plus or minus a fifth. The row ends when a connection has answered a call, or has lasted longer than
     * {@code longest}.
     */
    public PoolOptions backOff(Duration first, Duration longest) {
        requirePositive(first, "the first pause of backOff");
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("the longest pause of backOff, " + Wording.duration(longest)
                    + ", is less than the first, " + Wording.duration(first));
        }
        return changed(draft -> {
            draft.firstPause = first;
            draft.longestPause = longest;
        });
    }

    // ---- calls

    /** Sets what happens to a call while nothing is connected: see {@link WhenDown}. */
    public PoolOptions whenDown(WhenDown choice) {
        Objects.requireNonNull(choice, "choice");
        return changed(draft -> draft.whenDown = choice);
    }

    /**
     * Sets how often a call whose connection failed is tried again, within its deadline. A call whose request was never sent is tried as often as
     * needed. One that was sent is tried up to {@code each} times if the protocol says that it is {@link ClientProtocol#idempotent idempotent}. The
     * default is 2; 0 means no second try of any kind.
     */
    public PoolOptions retries(int each) {
        requireAtLeast(0, each, "retries");
        return changed(draft -> draft.retries = each);
    }

    /**
     * Bounds second tries of requests that were sent to this share of all calls, so that a struggling peer is not overwhelmed. The default is a
     * fifth. About ten within ten seconds are allowed in any case.
     */
    public PoolOptions retryShare(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("retryShare has to be from 0 to 1, not " + share);
        }
        return changed(draft -> draft.retryShare = share);
    }

    // ---- health

    /**
     * Makes the protocol's {@link ClientProtocol#probe} on each connection that has been idle for {@code afterIdle}. If it does not succeed within
     * {@code within}, the connection is aborted. While calls are in flight or wait, {@link ClientProtocol#dropAfter} serves the same purpose.
     */
    public PoolOptions probe(Duration afterIdle, Duration within) {
        requirePositive(afterIdle, "the idle time before a probe");
        requirePositive(within, "the time for a probe");
        return changed(draft -> {
            draft.probeAfter = afterIdle;
            draft.probeWithin = within;
        });
    }

    /**
     * Replaces a connection at this age, or up to a fifth earlier, so that connections made together do not end together. The old connection takes no
     * more calls, and ends when the calls already made have their answers.
     */
    public PoolOptions maxAge(Duration age) {
        requirePositive(age, "maxAge");
        return changed(draft -> draft.maxAge = age);
    }

    /**
     * Closes a connection that has been idle for this time, or up to a fifth less, if there are more than the least.
     *
     * <p><b>Not guaranteed:</b> the exact time; it may be up to a quarter more.
     */
    public PoolOptions idleTime(Duration time) {
        requirePositive(time, "idleTime");
        return changed(draft -> draft.idleTime = time);
    }

    // ---- telling

    /**
     * Notifies {@code listener} whenever the pool enters another kind of {@link PoolState}, as a callback on {@link Pool#loop()}. An exception that
     * it throws is reported.
     */
    public PoolOptions onState(Consumer<? super PoolState> listener) {
        Objects.requireNonNull(listener, "listener");
        return changed(draft -> draft.listener = listener);
    }

    // ---- what does not go together

    /**
     * The number of calls at which a connection is busy.
     *
     * @throws IllegalArgumentException if two options contradict each other, or one contradicts the protocol
     */
    int requireConsistent(ClientProtocol<?, ?> protocol) {
        boolean fixed = is.least == is.most;
        refuseIf(fixed && is.busyAt != null, "busyAt", "connections(" + is.most + "), which never become more");
        refuseIf(fixed && is.idleTime != null, "idleTime", "connections(" + is.most + "), which never become fewer");
        refuseIf(
                !is.connect.idleTime().isZero(),
                "idleTime of its ConnectOptions, which fails a connection",
                "a Pool, which would connect it again at once; say PoolOptions.idleTime");
        refuseIf(
                is.probeAfter != null && protocol.upkeep.probe() == null,
                "probe",
                "a ClientProtocol without one; say ClientProtocol.probe");
        refuseIf(
                is.least == 0 && isNotLess(is.probeAfter, is.idleTime),
                "probe(" + is.probeAfter + ")",
                "idleTime(" + is.idleTime + "), which closes a connection before");
        refuseIf(
                isNotLess(is.probeAfter, is.maxAge),
                "probe(" + is.probeAfter + ")",
                "maxAge(" + is.maxAge + "), which replaces a connection before");
        refuseIf(
                isNotLess(is.idleTime, is.maxAge),
                "idleTime(" + is.idleTime + ")",
                "maxAge(" + is.maxAge + "), which replaces a connection before");
        refuseIf(
                is.least == 0 && is.whenDown == WhenDown.FAIL,
                "whenDown(FAIL)",
                "connections(0, " + is.most + "): only a call that waits has the first one made");
        boolean failsWhenFull = protocol.bounds.whenFull() == ClientProtocol.WhenFull.FAIL;
        refuseIf(
                is.whenDown == WhenDown.WAIT && failsWhenFull,
                "whenDown(WAIT)",
                "WhenFull.FAIL of the ClientProtocol, by which those that have waited would fail; say whenDown(FAIL)");
        refuseIf(
                is.whenDown == WhenDown.WAIT && (protocol.bounds.waiting() == 0 || protocol.bounds.waitingBytes() == 0),
                "whenDown(WAIT)",
                "a ClientProtocol that lets no call wait; say whenDown(FAIL)");
        return is.busyAt != null ? is.busyAt : Math.min(FIRST_BUSY_AT, protocol.bounds.inFlight());
    }

    private static boolean isNotLess(@Nullable Duration one, @Nullable Duration other) {
        return one != null && other != null && one.compareTo(other) >= 0;
    }

    private static void refuseIf(boolean contradiction, String one, String other) {
        if (contradiction) {
            throw new IllegalArgumentException("PoolOptions: " + one + " contradicts " + other);
        }
    }

    private static void requireAtLeast(int least, int number, String what) {
        if (number < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + number);
        }
    }

    private static void requirePositive(Duration time, String what) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(what + " has to be positive, not " + time);
        }
    }

    @Override
    public String toString() {
        return "PoolOptions[connections=" + is.least + ".." + is.most + ", busyAt=" + is.busyAt + ", connect="
                + is.connect + ", backOff=" + is.firstPause + ".." + is.longestPause + ", whenDown=" + is.whenDown
                + ", retries=" + is.retries + ", retryShare=" + is.retryShare + ", probe=" + is.probeAfter + " within "
                + is.probeWithin + ", maxAge=" + is.maxAge + ", idleTime=" + is.idleTime + "]";
    }
}
