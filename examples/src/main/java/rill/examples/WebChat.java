package rill.examples;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
import rill.http.websocket.WebSocketOptions;

/** A chat room for browsers: a page, and a WebSocket for each that has it open. The first message is a member's name. */
final class WebChat {
    private static final int LONGEST_NAME = 40;

    private static final WebSocketOptions OPTIONS = WebSocketOptions.defaults().messageBytes(4 * 1024);

    private final Map<Connection<WebSocketMessage, WebSocketMessage>, String> members = new LinkedHashMap<>();
    private final Set<Connection<WebSocketMessage, WebSocketMessage>> behind = new HashSet<>();
    private final HttpResponse page;

    private WebChat(HttpResponse page) {
        this.page = page;
    }

    static Future<HttpServer> serve(Loop loop, SocketAddress address) throws IOException {
        try (InputStream html = Objects.requireNonNull(WebChat.class.getResourceAsStream("chat.html"))) {
            var room = new WebChat(HttpResponse.bytes("text/html; charset=utf-8", html.readAllBytes()));
            return HttpServer.serve(loop, address, room::answer);
        }
    }

    private Future<HttpResponse> answer(HttpRequest request) {
        return Future.of(
                switch (request.path()) {
                    case "/" -> page;
                    case "/chat" -> WebSocket.answer(request, OPTIONS, this::welcome);
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

    /** A member that does not keep up misses lines: it holds up nobody, and never reaches its hard limit. */
    private void tellAll(String line) {
        for (var member : List.copyOf(members.keySet())) {
            if (member.isOpen() && !behind.contains(member)) {
                Future<?> accepted = member.write(WebSocketMessage.text(line));
                if (!accepted.isDone()) { // more bytes wait to leave than should
                    behind.add(member);
                    accepted.onDone((nothing, failure) -> behind.remove(member));
                }
            }
        }
    }
}
