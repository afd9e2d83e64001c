package rill;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Looks after one connection of a pool: its age, whether it is idle, and whether it still works when it is idle. It checks from time to time, so that
 * no call has to read the clock. Confined to the loop of the connection.
 */
final class Health<Q, A> implements Runnable {
    /** How many checks are made within the shortest of the times. */
    private static final int LOOKS = 4;

    private static final long SHORTEST_SLEEP = Duration.ofMillis(1).toNanos();
    private static final double JITTER = 0.2;

    private final Member<Q, A> member;
    private final Members<Q, A> members;
    private final Client<Q, A> client;
    private final Loop loop;
    private final long maxAge; // Long.MAX_VALUE for none, as for the others
    private final long idleTime;
    private final long probeAfter;
    private final long born;
    private long quietSince; // without calls of the user
    private long workedAt; // when it was last seen working
    private long traffic; // at that time
    private int uses; // likewise: the pool's calls, not counting probes
    private @Nullable Watch<?> probing; // waits for its end
    private @Nullable Handle probeTimer;
    private boolean closed;
    private @Nullable Handle timer;

    Health(Member<Q, A> member, Members<Q, A> members, Client<Q, A> client) {
        this.member = member;
        this.members = members;
        this.client = client;
        this.loop = client.loop();
        PoolOptions options = members.options();
        double part = 1 - JITTER * loop.random().nextDouble();
        this.maxAge = part(options.maxAge(), part);
        this.idleTime = part(options.idleTime(), part);
        this.probeAfter = part(options.probeAfter(), 1);
        this.born = loop.nanoTime();
        becomeQuiet(born);
        schedule(born);
    }

    static boolean isLookedAfter(PoolOptions options) {
        return !options.maxAge().isZero()
                || !options.idleTime().isZero()
                || !options.probeAfter().isZero();
    }

    private static long part(Duration time, double part) {
        return time.isZero() ? Long.MAX_VALUE : (long) (Loop.nanos(time) * part);
    }

    private void becomeQuiet(long now) {
        quietSince = now;
        workedAt = now;
        traffic = client.traffic();
        uses = member.uses();
    }

    private void schedule(long now) {
        long age = maxAge == Long.MAX_VALUE || isOld(now) ? Long.MAX_VALUE : born + maxAge - now;
        long look = Math.min(idleTime, probeAfter);
        long sleep = look == Long.MAX_VALUE ? age : Math.min(age, look / LOOKS);
        if (!closed && sleep != Long.MAX_VALUE) {
            timer = loop.schedule(
                    Duration.ofNanos(Math.max(sleep, SHORTEST_SLEEP)), "the health of a connection of ", members, this);
        }
    }

    private boolean isOld(long now) {
        return now - born >= maxAge;
    }

    @Override
    public void run() {
        timer = null;
        try {
            look(loop.nanoTime());
        } finally { // even if one check fails
            lookAgain();
        }
    }

    private void lookAgain() {
        try {
            schedule(loop.nanoTime());
        } catch (Throwable t) { // no memory for the timer: nothing would look after the connection any more
            client.calls().drop(t);
        }
    }

    private void look(long now) {
        if (isOld(now)) {
            members.tooOld(member); // it may stay so for long, if no replacement can be connected
        }
        if (isInUse()) {
            becomeQuiet(now);
        } else if (now - quietSince >= idleTime) {
            members.idle(member);
        }
        if (now - workedAt >= probeAfter && probing == null) {
            probe();
        }
    }

    /** Whether it is in use; a probe does not count as use. */
    private boolean isInUse() {
        return probing == null ? client.traffic() != traffic || client.calls().size() > 0 : member.uses() != uses;
    }

    // ---- probing

    private void probe() {
        var call = Objects.requireNonNull(members.protocol().upkeep.probe());
        try {
            Future<?> asked = Objects.requireNonNull(call.apply(client), "the Future of a probe");
            Duration within = members.options().probeWithin();
            probing = Watch.on(loop, asked, "the probe of ", members, done -> probed(done.failure()));
            probeTimer = loop.schedule(within, "the time of a probe of ", members, () -> probeIsLate(asked, within));
            if (closed) { // the probe has caused that
                stopProbing();
            }
        } catch (Throwable t) { // the state is unknown
            stopProbing();
            workedAt = loop.nanoTime(); // as far as is known
            loop.threw("the probe of ", members, t);
        }
    }

    private void probeIsLate(Future<?> asked, Duration within) {
        if (!asked.isDone()) { // otherwise its outcome is on its way
            probed(new DeadlineException(
                    "the probe of " + client + " was not done within " + Wording.duration(within)));
        }
    }

    private void probed(@Nullable Throwable failure) {
        stopProbing();
        if (failure != null) {
            client.calls()
                    .drop(new IOException(client + ": its probe has failed: " + Failures.inWords(failure), failure));
        } else if (member.uses() != uses) {
            becomeQuiet(loop.nanoTime());
        } else {
            traffic = client.traffic(); // not the user's traffic: it stays idle
            workedAt = loop.nanoTime();
        }
    }

    private void stopProbing() {
        if (probing != null) {
            probing.leave();
            probing = null;
        }
        if (probeTimer != null) {
            probeTimer.cancel();
            probeTimer = null;
        }
    }

    void close() {
        closed = true;
        stopProbing();
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
