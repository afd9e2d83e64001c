package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.TaskEngine;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/** A ring's listeners. */
class AcceptingTest extends Selecting {
    @Test
    void two_that_close_in_one_step_lose_no_descriptor_and_reset_who_has_come() throws Exception {
        Acceptor first = listen(anyPort(), 0);
        Acceptor second = listen(anyPort(), 0);
        selector.select(0);
        long before = descriptors();
        var clients = new ArrayList<Socket>();
        for (int i = 0; i < 20; i++) {
            var client = new Socket();
            client.connect(first.localAddress());
            client.setSoTimeout(5000);
            clients.add(client);
        }
        second.close();
        first.close();
        selector.select(0);
        selector.select(0);
        for (Socket client : clients) {
            assertThat(catchThrowable(() -> client.getInputStream().read()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
            client.close();
        }
        assertThat(accepted).isEmpty();
        assertThat(descriptors()).isLessThanOrEqualTo(before);
    }

    @Test
    void at_most_64_are_taken_in_a_turn_and_those_behind_a_pause_wait_in_the_backlog() throws Exception {
        var first = new Acceptor[1];
        var taken = new ArrayList<AcceptedSocket>();
        first[0] = selector.listen(anyPort(), 1000, SocketOptions.none(), new AcceptListener() {
            @Override
            public void accepted(AcceptedSocket socket) {
                taken.add(socket);
                first[0].pause();
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        });
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            clients.add(SocketChannel.open(first[0].localAddress()));
        }
        long before = descriptors();
        until(() -> !taken.isEmpty());
        selector.select(0);
        assertThat(descriptors() - before).as("taken from the backlog").isLessThanOrEqualTo(64);
        assertThat(taken).hasSize(1);
        until(() -> {
            first[0].resume();
            return taken.size() == clients.size();
        });
        taken.forEach(AcceptedSocket::close);
        for (SocketChannel client : clients) {
            client.close();
        }
        first[0].close();
    }

    @Test
    void a_task_that_another_thread_carries_closes_a_listener_and_its_address_is_free_at_once() throws Exception {
        var options = LoopOptions.defaults().transport(new UringTransport()).taskEngine(TaskEngine.HANDED_OVER);
        try (Loop loop = Loop.open(options)) {
            boolean bound = loop.run(() -> {
                int port;
                try (var free = new ServerSocket(0)) {
                    port = free.getLocalPort();
                }
                var address = new InetSocketAddress(anyPort().getAddress(), port);
                Listener listener =
                        loop.listen(address, Pipeline.bytes(), each -> {}).await();
                loop.delay(Duration.ofMillis(1)).await(); // from now on it accepts
                listener.close();
                try (var next = new ServerSocket()) {
                    next.setReuseAddress(false);
                    next.bind(address);
                    return next.isBound();
                }
            });
            assertThat(bound).isTrue();
        }
    }
}
