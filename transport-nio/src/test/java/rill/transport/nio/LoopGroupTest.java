package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.testing.RawPeer;
import rill.testing.UnderTest;

/** Several loops that share incoming connections. */
class LoopGroupTest extends OnNio {
    private LoopGroup group(int size) throws Exception {
        return LoopGroup.open(
                size,
                LoopOptions.defaults()
                        .transport(UnderTest.transport())
                        .reporter(reports)
                        .name("loop-of-group")
                        .slowHandle(java.time.Duration.ZERO));
    }

    @Test
    void a_connection_goes_to_the_loop_that_has_the_fewest() throws Exception {
        var seen = new CopyOnWriteArrayList<Connection<String, String>>();
        var arrived = new Semaphore(0);
        var end = new CountDownLatch(1);
        try (var group = group(3);
                var elsewhere = RawPeer.listening(talk -> talk.waitFor(end))) {
            List<Loop> loops = group.loops();
            // The second loop is busy with four connections of its own, the third with one.
            for (int i = 0; i < 4; i++) {
                loops.get(1).connect(elsewhere.address(), Lines.PIPELINE).await();
            }
            loops.get(2).connect(elsewhere.address(), Lines.PIPELINE).await();
            assertThat(group.next()).isSameAs(loops.get(0));
            var server = group.listen(ANY_PORT, Lines.PIPELINE, ListenOptions.defaults(), connection -> {
                        assertThat(Loop.current()).isSameAs(connection.loop());
                        seen.add(connection);
                        arrived.release();
                    })
                    .await();
            var peers = new java.util.ArrayList<RawPeer>();
            for (int i = 0; i < 7; i++) {
                peers.add(RawPeer.connecting(server.address(), talk -> talk.waitFor(end)));
                arrived.acquire();
            }
            var perLoop = seen.stream().collect(Collectors.groupingBy(Connection::loop, Collectors.counting()));
            assertThat(perLoop.get(loops.get(0))).isEqualTo(4);
            assertThat(perLoop.get(loops.get(2))).isEqualTo(3);
            assertThat(perLoop).doesNotContainKey(loops.get(1));
            assertThat(loops).allMatch(loop -> loop.connections() == 4);
            end.countDown();
            peers.forEach(RawPeer::close);
        }
    }

    @Test
    void closed_connections_make_room() throws Exception {
        var seen = new CopyOnWriteArrayList<Connection<String, String>>();
        try (var group = group(2)) {
            var server = group.listen(ANY_PORT, Lines.PIPELINE, ListenOptions.defaults(), connection -> {
                        connection.onMessage(connection::write);
                        seen.add(connection);
                    })
                    .await();
            for (int i = 0; i < 20; i++) {
                int nth = i;
                try (var peer = RawPeer.connecting(server.address(), talk -> {
                    talk.send("hello " + nth + "\n");
                    talk.expectLine("hello " + nth);
                })) {
                    peer.finish();
                }
                waitFor(() -> group.loops().stream().mapToInt(Loop::connections).sum() == 0);
            }
            assertThat(seen).hasSize(20);
        }
    }

    @Test
    void connections_on_their_way_to_a_loop_that_closes_are_given_back() throws Exception {
        for (int round = 0; round < 20; round++) {
            var group = group(2);
            var server = group.serve(ANY_PORT, Lines.PIPELINE, ListenOptions.defaults(), Future::of)
                    .await();
            var address = server.address();
            var stop = new CountDownLatch(1);
            var storm = Thread.ofPlatform().start(() -> {
                while (stop.getCount() > 0) {
                    try (var socket = new java.net.Socket()) {
                        socket.connect(address);
                    } catch (java.io.IOException refused) {
                        return;
                    }
                }
            });
            waitFor(() -> group.loops().get(1).connections() > 0 || !storm.isAlive());
            group.close();
            stop.countDown();
            storm.join();
            assertThat(group.loops()).allMatch(Loop::isClosed);
            reports.take(rill.Report.ConnectionFailed.class);
        }
    }

    @Test
    void answers_of_a_shared_server_come_from_both_loops() throws Exception {
        try (var group = group(2)) {
            var server = group.serve(
                            ANY_PORT,
                            Lines.PIPELINE,
                            ListenOptions.defaults(),
                            line -> Future.of(Loop.current().name()))
                    .await();
            var first = group.loops()
                    .get(0)
                    .connect(server.address(), Lines.inOrder())
                    .await();
            var second = group.loops()
                    .get(0)
                    .connect(server.address(), Lines.inOrder())
                    .await();
            assertThat(List.of(first.call("who").await(), second.call("who").await()))
                    .contains(group.loops().get(1).name());
            first.finish().await();
            second.finish().await();
        }
    }

    @Test
    void with_a_listener_on_each_loop_the_system_spreads_connections_and_close_is_for_all() throws Exception {
        var seen = new CopyOnWriteArrayList<Loop>();
        var arrived = new Semaphore(0);
        try (var group = group(3)) {
            var options = ListenOptions.defaults().reusePort(true);
            var server = group.listen(ANY_PORT, Lines.PIPELINE, options, connection -> {
                        seen.add(Loop.current());
                        connection.onMessage(line -> {});
                        arrived.release();
                    })
                    .await();
            int made = 0;
            while (Set.copyOf(seen).size() < 3) { // by a hash of the client's port: eventually each has one
                assertThat(made).as("connections, all to the same loops").isLessThan(200);
                var client = loop.connect(server.address(), Lines.inOrder()).await();
                made++;
                assertThat(arrived.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                client.close();
                client.closed().await();
            }
            assertThat(group.loops()).containsAll(seen);
            server.close();
            waitFor(() -> RawPeer.isRefused(server.address()));
        }
    }

    @Test
    void an_address_that_one_loop_can_not_have_leaves_no_other_listening() throws Exception {
        try (var group = group(2);
                var taken = RawPeer.listening(talk -> talk.readAll())) {
            var options = ListenOptions.defaults().reusePort(true);
            assertThat(failureOf(group.listen(taken.address(), Lines.PIPELINE, options, connection -> {})))
                    .isInstanceOf(java.net.BindException.class);
            try (var socket = new java.net.Socket()) {
                socket.connect(taken.address());
            }
            taken.finish();
        }
    }

    @Test
    void when_the_loop_that_listens_is_closed_another_one_listens_at_the_same_address() throws Exception {
        try (var group = group(3)) {
            var server = group.serve(
                            ANY_PORT,
                            Lines.PIPELINE,
                            line -> Future.of(Loop.current().name()))
                    .await();
            group.loops().get(0).close();
            waitFor(() -> !RawPeer.isRefused(server.address()));
            for (int i = 0; i < 4; i++) {
                var client = loop.connect(server.address(), Lines.inOrder()).await();
                assertThat(client.call("who").await())
                        .isIn(group.loops().get(1).name(), group.loops().get(2).name());
                client.close();
                client.closed().await();
            }
            server.close();
            waitFor(() -> RawPeer.isRefused(server.address()));
            reports.take(rill.Report.ConnectionFailed.class); // from the probe for a listener
        }
    }
}
