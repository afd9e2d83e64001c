package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.DeadlineException;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolState.Failing;
import rill.PoolState.Ready;
import rill.ProtocolException;
import rill.testing.Nobody;
import rill.testing.RawPeer;
import rill.testing.Talk;

/**
 * Pools of real sockets against misbehaving servers: each misbehaviour is a typed failure, and once the server behaves the pool recovers by itself.
 */
class PoolServersTest extends OnNio {
    private static final PoolOptions QUICK =
            PoolOptions.defaults().backOff(Duration.ofMillis(5), Duration.ofMillis(50));

    /** A well-behaved server: answers each line with "ok" and the line. */
    private static void behaves(Talk talk) throws IOException {
        for (String line = talk.readLine(); line != null; line = talk.readLine()) {
            talk.send("ok " + line + "\n");
        }
    }

    private Pool<String, String> pool(RawPeer peer, ClientProtocol<String, String> protocol, PoolOptions options) {
        return loop.pool(peer.address(), protocol, options);
    }

    private static CallFailedException failed(rill.Future<String> call) {
        Throwable failure = failureOf(call);
        assertThat(failure).isInstanceOf(CallFailedException.class);
        return (CallFailedException) failure;
    }

    private void ends(Pool<String, String> pool) throws IOException {
        pool.close();
        pool.closed().await();
        assertThat(pool.state()).isEqualTo(new rill.PoolState.Closed());
    }

    @Test
    void a_server_that_accepts_and_never_answers_fails_calls_by_their_deadlines_and_is_replaced() throws Exception {
        var over = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> over.await(), PoolServersTest::behaves)) {
            task(() -> {
                var protocol = Lines.inOrder().deadline(Duration.ofMillis(50)).dropAfter(Duration.ofMillis(100));
                Pool<String, String> pool = pool(peer, protocol, QUICK);
                CallFailedException failure = failed(pool.call("a"));
                assertThat(failure.fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
                assertThat(failure).hasCauseInstanceOf(DeadlineException.class);
                until(() -> peer.connections() == 2 && pool.state().equals(new Ready(1)));
                assertThat(pool.call("b", PATIENCE).await()).isEqualTo("ok b");
                ends(pool);
            });
        } finally {
            over.countDown();
        }
    }

    @Test
    void a_server_that_closes_at_once_is_not_stormed_and_is_used_when_it_stays() throws Exception {
        var flaps = new RawPeer.Script[9]; // as many as there are second tries in any case
        Arrays.fill(flaps, 0, 8, (RawPeer.Script) talk -> {});
        flaps[8] = PoolServersTest::behaves;
        try (var peer = RawPeer.listening(flaps)) {
            task(() -> {
                Pool<String, String> pool = pool(peer, Lines.inOrder().idempotent(any -> true), QUICK.retries(100));
                assertThat(pool.call("a", PATIENCE).await()).isEqualTo("ok a");
                assertThat(peer.connections()).isEqualTo(9);
                ends(pool);
            });
        }
    }

    @Test
    void a_server_that_answers_half_and_goes_fails_the_call_and_the_next_one_is_answered() throws Exception {
        try (var peer = RawPeer.listening(
                talk -> {
                    talk.readLine();
                    talk.send("ok ");
                },
                PoolServersTest::behaves)) {
            task(() -> {
                Pool<String, String> pool = pool(peer, Lines.inOrder(), QUICK);
                CallFailedException failure = failed(pool.call("a"));
                assertThat(failure.fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
                assertThat(failure).hasMessageContaining(peer.address().toString());
                assertThat(pool.call("b").await()).isEqualTo("ok b");
                ends(pool);
            });
        }
    }

    @Test
    void a_server_that_speaks_something_else_is_a_violation_and_why_the_pool_fails() throws Exception {
        try (var peer = RawPeer.listening(
                talk -> {
                    talk.readLine();
                    talk.send(Lines.BAD);
                    talk.readAll();
                },
                PoolServersTest::behaves)) {
            task(() -> {
                Pool<String, String> pool = pool(peer, Lines.inOrder(), QUICK.backOff(PATIENCE, PATIENCE));
                CallFailedException failure = failed(pool.call("a"));
                assertThat(failure).hasCauseInstanceOf(ProtocolException.class);
                until(() -> pool.state() instanceof Failing);
                assertThat(((Failing) pool.state()).why()).isInstanceOf(ProtocolException.class);
                ends(pool);
            });
        }
    }

    @Test
    void a_server_that_resets_while_calls_wait_gets_them_on_the_next_connection() throws Exception {
        try (var peer = RawPeer.listening(
                talk -> {
                    talk.readLine();
                    talk.reset();
                },
                PoolServersTest::behaves)) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT);
                Pool<String, String> pool = pool(peer, protocol, QUICK);
                var sent = pool.call("a");
                var waits = pool.call("b");
                assertThat(failed(sent).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
                assertThat(waits.await()).isEqualTo("ok b");
                ends(pool);
            });
        }
    }

    @Test
    void a_server_that_is_restarted_at_its_address_is_connected_to_again() throws Exception {
        var peer = RawPeer.listening(PoolServersTest::behaves);
        InetSocketAddress address = peer.address();
        Pool<String, String> pool = loop.pool(address, Lines.inOrder(), QUICK.connections(2));
        try {
            task(() -> {
                assertThat(pool.call("a").await()).isEqualTo("ok a");
                until(() -> pool.state().equals(new Ready(2)));
                peer.close();
                until(() -> pool.state() instanceof Failing);
                assertThat(failed(pool.call("b", Duration.ofMillis(50))).fate()).isEqualTo(Fate.NEVER_SENT);
            });
        } finally {
            peer.close();
        }
        try (var again = RawPeer.listeningAt(address, PoolServersTest::behaves)) {
            task(() -> {
                assertThat(pool.call("c").await()).isEqualTo("ok c");
                until(() -> pool.state().equals(new Ready(2)));
                until(() -> again.connections() >= 2); // the kernel connects before the peer accepts
                assertThat(again.connections()).isEqualTo(2);
                ends(pool);
            });
        }
    }

    @Test
    void a_server_that_nobody_runs_or_that_swallows_connects_is_told_with_every_call() throws Exception {
        try (var nobody = new Nobody();
                var hole = new BlackHole()) {
            task(() -> {
                Pool<String, String> refused = loop.pool(nobody.address(), Lines.inOrder(), QUICK);
                assertThat(failed(refused.call("a", Duration.ofMillis(100))))
                        .hasMessageContaining("nothing has been connected for")
                        .hasMessageContaining("Connection refused");
                ends(refused);
                Pool<String, String> swallowed = loop.pool(
                        hole.address(),
                        Lines.inOrder(),
                        QUICK.connect(ConnectOptions.defaults().timeout(Duration.ofMillis(20))));
                assertThat(failed(swallowed.call("a", Duration.ofMillis(200))))
                        .hasMessageContaining("no answer within 20 ms");
                ends(swallowed);
            });
        }
    }

    @Test
    void a_server_that_demands_a_password_is_told_it_on_each_connection() throws Exception {
        RawPeer.Script demanding = talk -> {
            talk.send(talk.readLine().equals("secret") ? "welcome\n" : "no\n");
            String line = talk.readLine();
            if (line != null) {
                talk.send("ok " + line + "\n");
            }
        };
        try (var peer = RawPeer.listening(demanding)) {
            task(() -> {
                var protocol = Lines.inOrder().first(client -> client.call("secret"));
                Pool<String, String> pool = pool(peer, protocol, QUICK);
                for (int i = 0; i < 5; i++) {
                    int wanted = i + 1;
                    until(() -> peer.connections() == wanted && pool.state().equals(new Ready(1)));
                    assertThat(pool.call("a" + i).await()).isEqualTo("ok a" + i);
                }
                ends(pool);
            });
        }
    }
}
