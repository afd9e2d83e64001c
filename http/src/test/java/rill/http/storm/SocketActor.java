package rill.http.storm;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import rill.Connection;
import rill.Loop;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketOptions;

/** A WebSocket that sends messages and must receive them again, in order. It is a slow reader now and then, and may go away. */
final class SocketActor extends Actor {
    private final ArrayDeque<String> said = new ArrayDeque<>();
    private int left;
    private boolean gone;

    SocketActor(HttpStorm storm, Loop loop, long seed) {
        super(storm, loop, seed);
        left = random.nextInt(20);
    }

    @Override
    void begin() {
        WebSocketOptions options =
                WebSocketOptions.defaults().deflate(random.nextBoolean()).deflateFrom(10);
        WebSocket.connect(loop, URI.create(storm.uri("ws") + "/u/1"), options).onDone((connection, failure) -> {
            if (failure != null) {
                failed(failure);
                over = true;
            } else {
                guarded(() -> talk(connection));
            }
        });
    }

    private void talk(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection
                .onFailure(failure -> {
                    gone = true;
                    failed(failure.cause());
                })
                .onMessage(message -> guarded(() -> heard(connection, message)), connection::close);
        connection.closed().onDone((nothing, never) -> over = true);
        say(connection);
    }

    private void say(Connection<WebSocketMessage, WebSocketMessage> connection) {
        if (gone) {
            return;
        }
        for (int n = Math.min(left, random.nextInt(4)); n > 0; n--) {
            left--;
            String text = text(left);
            WebSocketMessage message = random.nextBoolean()
                    ? WebSocketMessage.text(text)
                    : WebSocketMessage.binary(text.getBytes(StandardCharsets.ISO_8859_1));
            said.add((message instanceof WebSocketMessage.Text ? "text " : "bytes ") + text);
            connection.write(message);
        }
        if (random.nextInt(40) == 0) {
            gone = true;
            connection.abort();
        } else if (left > 0) {
            later(30, () -> say(connection));
        } else {
            end(connection);
        }
    }

    private void heard(Connection<WebSocketMessage, WebSocketMessage> connection, WebSocketMessage message) {
        if (message instanceof Close) {
            require(said.isEmpty(), "closed before " + said.size() + " messages had come back");
            return;
        }
        String heard = message instanceof WebSocketMessage.Binary binary
                ? "bytes " + new String(binary.bytes(), StandardCharsets.ISO_8859_1)
                : "text " + ((WebSocketMessage.Text) message).text();
        require(heard.equals(said.remove()), "not what was said: " + heard);
        answered++;
        if (random.nextInt(20) == 0) {
            connection.pause();
            later(60, connection::resume);
        }
        end(connection);
    }

    private void end(Connection<WebSocketMessage, WebSocketMessage> connection) {
        if (left == 0 && said.isEmpty() && !gone) {
            gone = true;
            connection.close();
        }
    }
}
