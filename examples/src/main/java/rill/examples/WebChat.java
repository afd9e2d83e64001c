package rill.examples;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;

/** A chat room for browsers: a page, and a WebSocket for each that has it open. The first message is a member's name. */
final class WebChat {
    private static final int LONGEST_NAME = 40;

    private final Map<Connection<WebSocketMessage, WebSocketMessage>, String> members = new LinkedHashMap<>();
    private final HttpResponse page;

    private WebChat(HttpResponse page) {
        this.page = page;
    }

    static Future<HttpServer> serve(Loop loop, SocketAddress address) throws IOException {
        try (InputStream html = Objects.requireNonNull(WebChat.class.getResourceAsStream("chat.html"))) {
            var room = new WebChat(HttpResponse.bytes("text/html; charset=utf-8", html.readAllBytes()));
            return HttpServer.listen(loop, address, room::answer);
        }
    }

    private Future<HttpResponse> answer(HttpRequest request) {
        return Future.of(
                switch (request.path()) {
                    case "/" -> page;
                    case "/chat" -> WebSocket.answer(request, this::welcome);
                    default -> HttpResponse.text("nothing here\n").status(404);
                });
    }

    private void welcome(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.onFailure(gone -> {}); // a browser that goes away does not always say so
        connection.onMessage(message -> {
            if (message instanceof Text said) {
                hear(connection, said.text());
            } else if (!(message instanceof Close)) {
                message.release(); // a binary message holds a buffer
                connection.write(WebSocketMessage.close(Close.UNSUPPORTED, "only texts are read here"));
            }
        });
        connection.closed().onDone((nothing, never) -> {
            String name = members.remove(connection);
            if (name != null) {
                tellAll("* " + name + " has left");
            }
        });
    }

    private void hear(Connection<WebSocketMessage, WebSocketMessage> connection, String text) {
        @Nullable String name = members.get(connection);
        if (name != null) {
            tellAll(name + ": " + text);
        } else if (text.isBlank() || text.length() > LONGEST_NAME || members.containsValue(text)) {
            connection.write(WebSocketMessage.close(Close.POLICY, "that name is empty, too long or taken"));
        } else {
            members.put(connection, text);
            tellAll("* " + text + " has joined; here are: " + String.join(", ", members.values()));
        }
    }

    /** A member that does not read is not waited for: its connection fails at its hard limit, and the others continue. */
    private void tellAll(String line) {
        for (var member : List.copyOf(members.keySet())) {
            if (member.isOpen()) {
                member.write(WebSocketMessage.text(line));
            }
        }
    }
}
