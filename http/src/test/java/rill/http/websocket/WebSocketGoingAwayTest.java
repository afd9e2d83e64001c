package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.http.HttpServer;
import rill.http.websocket.WebSocketMessage.Close;
import rill.testkit.Leaks;

/** Tests what the peer receives, over sockets, when one side of a WebSocket goes out of service. Each side has its own loop. */
@ExtendWith(Leaks.class)
@Timeout(60)
final class WebSocketGoingAwayTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Close NORMAL = new Close(1000, "");
    private static final Close GOING_AWAY = new Close(1001, "");

    private final Loop server = open();
    private final Loop client = open();
    private final List<Connection<WebSocketMessage, WebSocketMessage>> accepted = new CopyOnWriteArrayList<>();
    private final List<WebSocketMessage> heard = new CopyOnWriteArrayList<>();

    private static Loop open() {
        try {
            return Loop.open().start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private Listener listen(Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> then) throws IOException {
        return server.listen(ANY_PORT, WebSocket.server(), connection -> {
                    accepted.add(connection);
                    then.accept(connection);
                })
                .await();
    }

    private static URI at(Object address) {
        return URI.create("ws://127.0.0.1:" + ((InetSocketAddress) address).getPort());
    }

    private static void ignore(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.onMessage(message -> {});
    }

    private void note(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.onMessage(heard::add);
    }

    /** Connects a client that records what it receives. When this returns, the server has the connection, too. */
    private Connection<WebSocketMessage, WebSocketMessage> listening(URI uri) throws IOException {
        return client.submit(() -> WebSocket.connect(client, uri))
                .flatMap(connecting -> connecting)
                .map(socket -> {
                    note(socket);
                    return socket;
                })
                .await();
    }

    @Test
    void a_server_whose_loop_closes_says_that_it_goes_away() throws IOException {
        var socket = listening(at(listen(WebSocketGoingAwayTest::ignore).address()));
        server.close();
        socket.closed().await();
        assertThat(heard).containsExactly(GOING_AWAY);
    }

    @Test
    void so_does_one_that_is_told_by_its_receive() throws IOException {
        Listener listener = listen(connection -> connection.receive().onDone((message, failure) -> connection.close()));
        var socket = listening(at(listener.address()));
        server.close();
        socket.closed().await();
        assertThat(heard).containsExactly(GOING_AWAY);
    }

    @Test
    void so_does_one_that_closes_its_connections_after_its_listener() throws IOException {
        Listener listener = listen(WebSocketGoingAwayTest::ignore);
        var socket = listening(at(listener.address()));
        listener.close();
        accepted.getFirst().close();
        socket.closed().await();
        assertThat(heard).containsExactly(GOING_AWAY);
    }

    @Test
    void so_does_one_that_shares_its_address_with_pages() throws IOException {
        HttpServer pages = HttpServer.serve(
                        server,
                        ANY_PORT,
                        request -> Future.of(WebSocket.answer(request, connection -> {
                            accepted.add(connection);
                            ignore(connection);
                        })))
                .await();
        var socket = listening(at(pages.address()));
        pages.close();
        accepted.getFirst().close();
        socket.closed().await();
        assertThat(heard).containsExactly(GOING_AWAY);
    }

    @Test
    void so_does_a_client_whose_loop_closes() throws IOException {
        Listener listener = listen(this::note);
        client.submit(() -> WebSocket.connect(client, at(listener.address())))
                .flatMap(connecting -> connecting)
                .map(socket -> {
                    ignore(socket);
                    return socket;
                })
                .await();
        client.close();
        accepted.getFirst().closed().await();
        assertThat(heard).containsExactly(GOING_AWAY);
    }

    @Test
    void a_server_that_goes_on_says_that_all_is_well() throws IOException {
        var socket = listening(at(listen(WebSocketGoingAwayTest::ignore).address()));
        accepted.getFirst().close();
        socket.closed().await();
        assertThat(heard).containsExactly(NORMAL);
    }

    @Test
    void what_was_said_by_hand_stands() throws IOException {
        var socket = listening(at(listen(WebSocketGoingAwayTest::ignore).address()));
        server.submit(() -> accepted.getFirst().write(new Close(4000, "enough")))
                .await();
        server.close();
        socket.closed().await();
        assertThat(heard).containsExactly(new Close(4000, "enough"));
    }
}
