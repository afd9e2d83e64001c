package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/**
 * Memory, or the stack, is exhausted once, wherever a part of a client or a pool reads the clock. Then time passes, and everything that was begun has
 * to come to an end.
 */
class GivingWayTest {
    private static final String[] PARTS = {
        "Pool",
        "Members",
        "Member",
        "Calls",
        "CallDeadlines",
        "UnplacedCalls",
        "Health",
        "Dialer",
        "PoolCounters",
        "Client",
        "Observing",
        "PoolFailures",
        "CloseTimer"
    };

    private final Loops loops = Loops.manual();
    private final GivingWay clock = new GivingWay(loops.clock());
    private final PoolRig rig;
    private final List<String> wrong = new ArrayList<>();

    GivingWayTest() {
        loops.transport().clock(clock);
        rig = new PoolRig(loops, new Observer() {});
    }

    /** Runs the action on the loop; empty if it throws, which its caller sees. */
    private <T> List<T> attempt(Callable<T> action) {
        Future<T> done = rig.loop.submit(action);
        ticks(20);
        if (!done.isDone()) {
            wrong.add("what was submitted does not run");
        }
        return done.isDone() && done.failure() == null ? List.of(done.result()) : List.of();
    }

    private void ticks(int n) {
        for (int i = 0; i < n; i++) {
            rig.loop.tick();
        }
    }

    private void passes(int times, Duration time) {
        for (int n = 0; n < times * 15; n++) {
            loops.clock().advance(time.dividedBy(15));
            ticks(5);
        }
    }

    private void pending(String what, List<? extends Future<?>> futures) {
        for (int i = 0; i < futures.size(); i++) {
            if (!futures.get(i).isDone()) {
                wrong.add(what + " " + i + " is pending");
            }
        }
    }

    /** Ends the program. Returns whether the clock threw at all. */
    private boolean ends(String program, int after) {
        if (clock.spun()) {
            wrong.add("something spins");
        }
        boolean gaveWay = clock.gaveWay();
        clock.standsFast();
        assertThat(wrong)
                .as("%s, after %d readings: %s", program, after, clock.where())
                .isEmpty();
        rig.loop.close(Duration.ZERO);
        loops.reporter().take(Report.class);
        return gaveWay;
    }

    private void resetPeers() {
        for (PoolRig.Peer peer : List.copyOf(rig.peers)) {
            if (peer.connection.isOpen()) {
                attempt(() -> peer.connection.abort());
            }
        }
    }

    private boolean pool(int after) {
        var protocol = PoolRig.protocol()
                .idempotent(request -> request.startsWith("get"))
                .inFlight(3, ClientProtocol.WhenFull.WAIT)
                .probe(client -> client.call("ping"));
        var pool = rig.pool(
                protocol,
                PoolOptions.defaults()
                        .connections(1, 3)
                        .busyAt(3)
                        .probe(Duration.ofSeconds(10), Duration.ofSeconds(5))
                        .maxAge(Duration.ofMinutes(2))
                        .idleTime(Duration.ofSeconds(40)));
        clock.after(after, PARTS);
        var calls = new ArrayList<Future<String>>();
        for (int i = 0; i < 6; i++) {
            String request = (i % 2 == 0 ? "get " : "put ") + i;
            calls.addAll(attempt(() -> pool.call(request)));
        }
        calls.addAll(attempt(() -> pool.call("get own", Duration.ofSeconds(30))));
        List<? extends Future<?>> writable = attempt(pool::writable);
        if (!rig.peers.isEmpty()) {
            attempt(rig.lastPeer().connection::abort);
        }
        passes(1, Duration.ofSeconds(1));
        rig.answering();
        resetPeers();
        passes(5, Duration.ofSeconds(30));
        boolean gaveWay = clock.gaveWay();
        if (!gaveWay) {
            clock.standsFast();
        }
        passes(10, Duration.ofSeconds(30));
        pending("call", calls);
        pending("writable", writable);
        List<Future<String>> more = attempt(() -> pool.call("get more"));
        passes(1, Duration.ofSeconds(20));
        if (!more.stream().allMatch(call -> call.isDone() && call.failure() == null) || more.isEmpty()) {
            wrong.add("a new call: " + more + ", " + pool.state());
        }
        pool.close();
        passes(1, Duration.ofSeconds(30));
        if (!pool.closed().isDone()) {
            wrong.add("the pool is not gone");
        }
        return ends("a pool", after);
    }

    private boolean client(int after, boolean answers) {
        var protocol =
                PoolRig.protocol().inFlight(2, ClientProtocol.WhenFull.WAIT).first(client -> client.call("hello"));
        rig.greets(peer -> peer.answers = answers);
        clock.after(after, PARTS);
        List<Future<Client<String, String>>> connecting = attempt(() -> rig.loop.connect(rig.address, protocol));
        if (!answers && !rig.peers.isEmpty()) {
            attempt(() -> rig.lastPeer().connection.write("hi\n"));
        }
        passes(5, Duration.ofSeconds(3));
        pending("connect", connecting);
        var calls = new ArrayList<Future<String>>();
        List<? extends Future<?>> writable = List.of();
        for (var connected : connecting) {
            if (connected.isDone() && connected.failure() == null) {
                Client<String, String> client = connected.result();
                for (int i = 0; i < 5; i++) {
                    String request = "call " + i;
                    calls.addAll(attempt(() -> client.call(request)));
                }
                writable = attempt(client::writable);
            }
        }
        passes(10, Duration.ofSeconds(30));
        pending("call", calls);
        pending("writable", writable);
        resetPeers();
        passes(2, Duration.ofSeconds(30));
        return ends("a client of a peer that " + (answers ? "answers" : "is silent"), after);
    }

    @Test
    @Tag("slow")
    void a_pool_survives_it_wherever_it_is() {
        boolean gaveWay = true;
        for (int after = 0; gaveWay; after++) {
            gaveWay = new GivingWayTest().pool(after);
        }
    }

    @Test
    @Tag("slow")
    void a_client_whose_peer_is_silent_survives_it_wherever_it_is() {
        boolean gaveWay = true;
        for (int after = 0; gaveWay; after++) {
            gaveWay = new GivingWayTest().client(after, false);
        }
    }

    @Test
    @Tag("slow")
    void a_client_whose_peer_answers_survives_it_wherever_it_is() {
        boolean gaveWay = true;
        for (int after = 0; gaveWay; after++) {
            gaveWay = new GivingWayTest().client(after, true);
        }
    }

    @Test
    void a_pool_that_could_not_note_the_end_of_a_connection_does_not_spin() {
        var pool = rig.pool(PoolRig.protocol().inFlight(1, ClientProtocol.WhenFull.WAIT), PoolOptions.defaults());
        rig.call(pool, "sent");
        rig.call(pool, "waits for its turn");
        clock.after(0, "Members.failed");
        attempt(rig.lastPeer().connection::abort);
        ticks(20);
        assertThat(clock.gaveWay()).isTrue();
        ends("a pool", 0);
    }
}
