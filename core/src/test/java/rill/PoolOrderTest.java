package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.ClientProtocol.WhenFull;
import rill.testing.Loops;

/** The order of calls over a pool of one connection, which comes and goes at random. */
@Tag("slow")
class PoolOrderTest {
    private static final int SEEDS = 12;
    private static final int STEPS = 250;

    /** Requests that may be carried out twice do not begin with an exclamation mark. */
    private static ClientProtocol<String, String> protocol(boolean firstStep) {
        ClientProtocol<String, String> protocol = PoolRig.protocol()
                .inFlight(3, WhenFull.WAIT)
                .deadline(Duration.ofHours(1))
                .idempotent(request -> !request.startsWith("!"));
        return firstStep ? protocol.first(client -> client.call("first")) : protocol;
    }

    private static int number(String line) {
        return Integer.parseInt(line.replace("!", ""));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void commands_are_first_heard_in_the_order_in_which_they_were_made(boolean firstStep) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var random = new Random(seed);
            try (var rig = new PoolRig(Loops.seeded(seed))) {
                rig.greets(peer -> peer.answers = random.nextInt(3) > 0);
                var pool = rig.pool(protocol(firstStep), PoolOptions.defaults().retries(1000));
                List<Future<String>> calls = drive(rig, pool, random);
                rig.greets(peer -> peer.answers = true);
                for (PoolRig.Peer each : List.copyOf(rig.peers)) {
                    rig.onLoop(each.connection::abort);
                }
                for (int n = 0; n < 100 && !calls.stream().allMatch(Future::isDone); n++) {
                    rig.passes(Duration.ofSeconds(1));
                }
                assertThat(calls).as("with seed " + seed).allMatch(Future::isDone);
                calls.forEach(Future::failure);
                assertInOrder(rig, seed);
            }
        }
    }

    private static List<Future<String>> drive(PoolRig rig, Pool<String, String> pool, Random random) {
        var calls = new ArrayList<Future<String>>();
        for (int step = 0; step < STEPS; step++) {
            for (int n = random.nextInt(4); n > 0; n--) {
                String request = (random.nextInt(3) == 0 ? "!" : "") + calls.size();
                calls.add(pool.call(request)); // from outside, and so through the queue
            }
            if (random.nextInt(3) == 0) {
                rig.loop.execute(() -> calls.add(pool.call((random.nextBoolean() ? "!" : "") + calls.size())));
                rig.loop.tick(); // so that it is numbered before the ones that follow
            }
            if (random.nextInt(12) == 0 && !rig.livePeers().isEmpty()) {
                PoolRig.Peer peer = rig.livePeers().getLast();
                switch (random.nextInt(4)) {
                    case 0 -> rig.loop.execute(() -> peer.connection.abort());
                    case 1 -> rig.loop.execute(() -> peer.connection.close());
                    case 2 -> rig.loop.execute(() -> peer.connection.write("answer\nanswer\nrubbish\nmore\nmore\n"));
                    default -> rig.loop.execute(() -> peer.answers = !peer.answers);
                }
            }
            for (int n = random.nextInt(4); n > 0; n--) {
                rig.loop.tick();
            }
            if (random.nextInt(4) == 0) {
                rig.loops.clock().advance(Duration.ofMillis(random.nextInt(100)));
            }
        }
        return calls;
    }

    private static void assertInOrder(PoolRig rig, long seed) {
        var once = new ArrayList<Integer>(); // on any connection
        for (PoolRig.Peer peer : rig.peers) {
            var heard = new ArrayList<Integer>();
            for (String line : peer.heard) {
                if (!line.equals("first")) {
                    heard.add(number(line));
                }
                if (line.startsWith("!")) {
                    once.add(number(line));
                }
            }
            assertThat(heard).as("on one connection, with seed " + seed).isSorted();
        }
        assertThat(once)
                .as("what must not be carried out twice, with seed " + seed)
                .isNotEmpty()
                .isSorted()
                .doesNotHaveDuplicates();
    }
}
