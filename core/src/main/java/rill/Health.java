package rill;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Looks after one connection of a pool: its age, whether it is idle, and whether it still works when it is. It looks now and then, so that no call
 * has to look at the clock. Confined to the loop of the connection.
 */
final class Health<Q, A> implements Runnable {
    /** How often it looks within the shortest of the times. */
    private static final int LOOKS = 4;

    private static final long SHORTEST_SLEEP = Duration.ofMillis(1).toNanos();
    private static final double JITTER = 0.2;

    private final Member<Q, A> member;
    private final Members<Q, A> members;
    private final Client<Q, A> client;
    private final Loop loop;
    private final long maxAge; // Long.MAX_VALUE for none, as of the others
    private final long idleTime;
    private final long probeAfter;
    private final long born;
    private long quietSince; // of the user's calls
    private long workedAt; // when that was last seen
    private long traffic; // by then
    private boolean probing;
    private boolean closed;
    private @Nullable Handle timer;

    Health(Member<Q, A> member, Members<Q, A> members, Client<Q, A> client) {
        this.member = member;
        this.members = members;
        this.client = client;
        this.loop = client.loop();
        PoolOptions.Draft options = members.options();
        double part = 1 - JITTER * loop.random().nextDouble();
        this.maxAge = part(options.maxAge, part);
        this.idleTime = part(options.idleTime, part);
        this.probeAfter = part(options.probeAfter, 1);
        this.born = loop.nanoTime();
        becomeQuiet(born);
        schedule(born);
    }

    static boolean isLookedAfter(PoolOptions.Draft options) {
        return options.maxAge != null || options.idleTime != null || options.probeAfter != null;
    }

    private static long part(@Nullable Duration time, double part) {
        return time == null ? Long.MAX_VALUE : (long) (Loop.nanos(time) * part);
    }

    private void becomeQuiet(long now) {
        quietSince = now;
        workedAt = now;
        traffic = client.traffic();
    }

    private void schedule(long now) {
        long age = maxAge == Long.MAX_VALUE ? Long.MAX_VALUE : born + maxAge - now;
        long look = Math.min(idleTime, probeAfter);
        long sleep = look == Long.MAX_VALUE ? age : Math.min(age, look / LOOKS);
        if (!closed && sleep != Long.MAX_VALUE) {
            timer = loop.schedule(
                    Duration.ofNanos(Math.max(sleep, SHORTEST_SLEEP)), "the health of a connection of ", members, this);
        }
    }

    @Override
    public void run() {
        timer = null;
        long now = loop.nanoTime();
        if (now - born >= maxAge) {
            members.tooOld(member);
            return; // it is replaced: nothing else matters
        }
        if (client.traffic() != traffic || client.calls().size() > 0) {
            becomeQuiet(now);
        } else if (now - quietSince >= idleTime) {
            members.idle(member);
        }
        if (now - workedAt >= probeAfter && !probing) {
            probe();
        }
        schedule(now);
    }

    private void probe() {
        var call = Objects.requireNonNull(members.protocol().upkeep.probe());
        probing = true;
        try {
            Objects.requireNonNull(call.apply(client), "the Future of a probe")
                    .timeout(members.options().probeWithin)
                    .onDone((result, failure) -> probed(failure));
        } catch (Throwable t) { // nothing is known
            probing = false;
            workedAt = loop.nanoTime(); // as far as anybody knows
            loop.threw("the probe of ", members, t);
        }
    }

    private void probed(@Nullable Throwable failure) {
        if (!loop.isCurrent()) { // a Future of another loop
            loop.enqueue(new Handle(loop, "the end of a probe", () -> probed(failure)));
            return;
        }
        probing = false;
        if (closed) {
            return;
        }
        if (failure == null) {
            traffic = client.traffic(); // that was not the user's: it stays idle
            workedAt = loop.nanoTime();
        } else {
            client.calls()
                    .drop(new IOException(client + ": its probe has failed: " + Failures.inWords(failure), failure));
        }
    }

    void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
