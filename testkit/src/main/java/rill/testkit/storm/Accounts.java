package rill.testkit.storm;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.CallOutcome;
import rill.Loop;
import rill.LoopMetrics;
import rill.Observed;
import rill.Observer;
import rill.Pool;

/**
 * Checks the counters of loops against the events that their observer receives: both must agree, and balance once everything is over. No counter ever
 * falls. The observer throws now and then, which must concern nobody but the Reporter.
 *
 * <p><b>Threading:</b> notified on every loop; queried by the thread that runs the program.
 */
final class Accounts implements Observer {
    private static final int THROWS_EACH = 5;
    private static final int WITHOUT = 1; // the loop without an observer, as most have none

    private static final Set<CallOutcome> ENDS_WELL =
            EnumSet.of(CallOutcome.ANSWERED, CallOutcome.SENT, CallOutcome.CANCELLED);

    /** The components of a record, looked up once: what {@code getRecordComponents} returns has to find its accessors anew each time. */
    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            return type.getRecordComponents();
        }
    };

    /** The events reported of a connection. */
    private enum Told {
        OPENED,
        READY,
        CLOSED
    }

    private final Ledger ledger;
    private final boolean exact; // no byte leaves untold
    private final Map<Observed, Told> connections = new HashMap<>();
    private final Map<Loop, EnumMap<CallOutcome, Integer>> calls = new HashMap<>();
    private final Map<Loop, Integer> opened = new HashMap<>();
    private final Map<Loop, Integer> failed = new HashMap<>();
    private final Map<Loop, LoopMetrics> before = new HashMap<>();
    private int events;
    private int called; // by clients and pools of the program
    private final List<Pool<?, ?>> pools = new ArrayList<>();

    /**
     * @param exact false if a byte may leave untold: a transport that sends by requests may have one under way when a Wire is aborted, after which
     *     there are no reports
     */
    Accounts(Ledger ledger, boolean exact) {
        this.ledger = ledger;
        this.exact = exact;
    }

    /** The program has opened a pool, some of whose calls are never made on a connection. */
    synchronized void opened(Pool<?, ?> pool) {
        pools.add(pool);
    }

    /** A client or pool of the program has made a call without failing at once. */
    synchronized void called() {
        called++;
    }

    // ---- events

    @Override
    public synchronized void connectionOpened(Observed connection) {
        if (connections.putIfAbsent(connection, Told.OPENED) != null) {
            wrong(connection + " was told as opened twice");
        }
        opened.merge(connection.loop(), 1, Integer::sum);
        throwNowAndThen();
    }

    @Override
    public synchronized void connectionReady(Observed connection) {
        if (connections.put(connection, Told.READY) != Told.OPENED) {
            wrong(connection + " was told as ready, and it was not just opened");
        }
        throwNowAndThen();
    }

    @Override
    public synchronized void connectionClosed(Observed connection, @Nullable Throwable cause) {
        Told told = connections.put(connection, Told.CLOSED);
        if (told == null || told == Told.CLOSED) {
            wrong(connection + " was told as closed, after it was " + (told == null ? "never opened" : "closed"));
        }
        failed.merge(connection.loop(), cause == null ? 0 : 1, Integer::sum);
        throwNowAndThen();
    }

    @Override
    public synchronized void callEnded(
            @Nullable Observed connection,
            Object request,
            CallOutcome outcome,
            Duration latency,
            @Nullable Throwable failure) {
        boolean fails = !ENDS_WELL.contains(outcome);
        if (fails != (failure != null) || (connection == null && pools.isEmpty())) {
            wrong("a call has ended as " + outcome + " on " + connection + " with " + failure);
        } else if (connection != null) {
            calls.computeIfAbsent(connection.loop(), loop -> new EnumMap<>(CallOutcome.class))
                    .merge(outcome, 1, Integer::sum);
        }
        throwNowAndThen();
    }

    private void wrong(String message) {
        ledger.violated(4, "the observer of a loop: " + message);
    }

    private void throwNowAndThen() {
        events++;
        if (events % (2 * THROWS_EACH) == 0) {
            throw new Planned.Serious();
        } else if (events % THROWS_EACH == 0) {
            throw new Planned.Unchecked();
        }
    }

    // ---- while it runs

    /** Checks that no counter is less than at the last look. */
    synchronized void look(Loop loop) {
        LoopMetrics now = loop.metrics();
        LoopMetrics last = before.put(loop, now);
        List<Long> present = counters(now);
        List<Long> earlier = last == null ? present : counters(last);
        for (int i = 0; i < present.size(); i++) {
            if (present.get(i) < earlier.get(i)) {
                ledger.violated(4, "a counter of " + loop + " has fallen: " + last + ", and then " + now);
            }
        }
    }

    private static List<Long> counters(LoopMetrics all) {
        var list = new ArrayList<Long>();
        for (Record part : List.of(all.work(), all.timers(), all.connections(), all.traffic(), all.calls())) {
            for (RecordComponent component : COMPONENTS.get(part.getClass())) {
                Object value = Program.part(part, component);
                boolean gauge = component.getName().startsWith("pending")
                        || component.getName().endsWith("Lately");
                if (value instanceof Duration time && !gauge) {
                    list.add(time.toNanos());
                } else if (value instanceof Long count && !gauge) {
                    list.add(count);
                }
            }
        }
        return list;
    }

    // ---- in the end

    /**
     * Checks that, once everything on a loop is over, all gauges are at zero.
     *
     * @param exact whether nothing else happens there: no timer of a thread that drives the loop, and no Task
     */
    synchronized void settled(Loop loop, boolean exact) {
        LoopMetrics all = loop.metrics();
        LoopMetrics.Connections connections = all.connections();
        LoopMetrics.Calls made = all.calls();
        boolean rests = connections.opened() == connections.closed()
                && connections.open() == 0
                && all.traffic().pendingBytes() == 0
                && made.outstanding() == 0
                && made.tombstones() == 0
                && (!exact || (all.work().tasks() == 0 && all.timers().pending() == 0));
        if (!rests) {
            ledger.violated(3, loop + " counts what is over as if it went on: " + all);
        }
        if (made.made() != made.answered() + made.sent() + made.cancelled() + made.failed() + made.handedBack()) {
            ledger.violated(5, "calls on " + loop + " that were made are not those that have ended: " + made);
        }
        if (connections.failed() > connections.closed()
                || connections.accepted() > connections.opened()
                || made.tombstonesGone() > made.tombstonesMade()) {
            ledger.violated(5, loop + " counts more of a kind than there were: " + all);
        }
    }

    /** Checks the totals once every loop is closed. */
    synchronized void closed(List<Loop> loops) {
        for (Loop loop : loops) {
            settled(loop, false);
            LoopMetrics all = loop.metrics();
            if (all.memory().held() != 0) {
                ledger.violated(3, loop + " is closed, and holds memory: " + all.memory());
            }
            agrees(
                    loop,
                    "connections opened",
                    opened.getOrDefault(loop, 0),
                    all.connections().opened());
            agrees(
                    loop,
                    "connections failed",
                    failed.getOrDefault(loop, 0),
                    all.connections().failed());
            var ended = calls.getOrDefault(loop, new EnumMap<>(CallOutcome.class));
            LoopMetrics.Calls made = all.calls();
            agrees(loop, "calls answered", ended.getOrDefault(CallOutcome.ANSWERED, 0), made.answered());
            agrees(loop, "calls late", ended.getOrDefault(CallOutcome.LATE, 0), made.late());
            if (pools.isEmpty()) { // pools turn away calls that were never on a connection
                agrees(
                        loop,
                        "calls never sent, turned away or cancelled",
                        ended.getOrDefault(CallOutcome.NEVER_SENT, 0) + ended.getOrDefault(CallOutcome.CANCELLED, 0),
                        made.neverSent() + made.turnedAway() + made.cancelled());
            }
            agrees(
                    loop,
                    "calls perhaps carried out",
                    ended.getOrDefault(CallOutcome.PERHAPS_CARRIED_OUT, 0),
                    made.perhapsCarriedOut());
            agrees(loop, "calls rejected", ended.getOrDefault(CallOutcome.REJECTED, 0), made.rejected());
        }
        connections.forEach((connection, told) -> {
            if (told != Told.CLOSED) {
                ledger.violated(2, connection + " is gone, and the observer was told last that it is " + told);
            }
        });
        LoopMetrics all =
                loops.stream().map(Loop::metrics).reduce(LoopMetrics::plus).orElseThrow();
        long came = all.calls().made() - all.calls().handedBack() + all.calls().turnedAway();
        for (Pool<?, ?> each : pools) {
            came += each.metrics().failed() + each.metrics().cancelled();
        }
        if (came != called) {
            ledger.violated(5, called + " calls were made, and the loops count " + came + ": " + all.calls());
        }
        if (exact && all.traffic().bytesReceived() > all.traffic().bytesSent()) {
            ledger.violated(1, "more bytes were received than sent: " + all.traffic());
        }
    }

    private void agrees(Loop loop, String what, int told, long counted) {
        if (told != counted && !loop.name().equals("L" + WITHOUT)) {
            ledger.violated(5, loop + ": " + what + ": " + counted + ", and the observer was told of " + told);
        }
    }

    /** Whether a loop with this number gets an observer. */
    static boolean observes(int number) {
        return number != WITHOUT;
    }
}
