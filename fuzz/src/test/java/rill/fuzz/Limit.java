package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToIntFunction;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.http.websocket.WebSocketMessage;

/**
 * A limit of what a decoder delivers. It is measured when a message is delivered, by the content: the texts of many messages show only how long they
 * are.
 *
 * @param what what is limited, for the failure's message
 * @param size how much of that a message has
 * @param most the limit; {@link #RECEIVED}: what has come so far, for decoders that can't make more of their input than it is
 */
record Limit(String what, ToIntFunction<Object> size, int most) {
    static final int RECEIVED = -1;

    /** Limits frames to this many bytes, and other messages to this many characters of their text. */
    static Limit text(int most) {
        return new Limit("characters", Limit::text, most);
    }

    /** Limits frames, or all that a byte layer delivers, to what has come. */
    static Limit received() {
        return text(RECEIVED);
    }

    /** Limits the content of WebSocket messages, or of their parts, to this many bytes. */
    static Limit webSocket(int most) {
        return new Limit("bytes of content", message -> webSocket((WebSocketMessage) message), most);
    }

    /** Limits each text or number within a reply or a command to this many bytes, and the elements of each reply. */
    static List<Limit> resp(int bytes, int elements) {
        return List.of(
                new Limit("bytes in one text", Limit::longest, bytes),
                new Limit("elements", Limit::elements, elements));
    }

    /** Fails if a message is larger than this allows. */
    void check(int size, long received) {
        long allowed = most == RECEIVED ? received : most;
        if (size > allowed) {
            throw new AssertionError("a message of " + size + " " + what + ", and " + allowed + " are allowed");
        }
    }

    private static int text(Object message) {
        return message instanceof ByteBuf bytes
                ? bytes.readableBytes()
                : message.toString().length();
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static int webSocket(WebSocketMessage message) {
        return switch (message) {
            case WebSocketMessage.Text text -> utf8(text.text());
            case WebSocketMessage.TextPart part -> utf8(part.text());
            case WebSocketMessage.Binary binary -> binary.length();
            case WebSocketMessage.BinaryPart part -> part.length();
            case WebSocketMessage.Ping ping -> ping.length();
            case WebSocketMessage.Pong pong -> pong.length();
            case WebSocketMessage.Close close -> utf8(close.reason());
        };
    }

    private static int longest(List<?> messages) {
        return messages.stream().mapToInt(Limit::longest).max().orElse(0);
    }

    private static int longest(Object message) {
        return switch (message) {
            case List<?> batch -> longest(batch);
            case Command command -> {
                int most = 0;
                for (int i = 0; i < command.size(); i++) {
                    most = Math.max(most, command.bytes(i).length);
                }
                yield most;
            }
            case Reply.Bulk bulk -> bulk.length();
            case Reply.BulkBuffer bulk -> bulk.content().readableBytes();
            case Reply.Verbatim verbatim -> verbatim.bulk().length();
            case Reply.Simple simple -> utf8(simple.text());
            case Reply.Failed failed -> utf8(failed.message());
            case Reply.BigNumber big -> big.number().toString().length();
            case Reply.Attributed attributed -> Math.max(longest(attributed.attributes()), longest(attributed.reply()));
            case Reply.Array array -> longest(array.elements());
            case Reply.Map map -> longest(map.elements());
            case Reply.Set set -> longest(set.elements());
            case Reply.Push push -> longest(push.elements());
            default -> 0; // numbers, truth values and null
        };
    }

    private static int elements(List<?> within) {
        return within.size() + within.stream().mapToInt(Limit::elements).sum();
    }

    private static int elements(Object message) {
        return switch (message) {
            case List<?> batch -> batch.stream().mapToInt(Limit::elements).max().orElse(0);
            case Command command -> command.size();
            case Reply.Attributed attributed -> elements(attributed.attributes()) + elements(attributed.reply());
            case Reply.Array array -> elements(array.elements());
            case Reply.Map map -> elements(map.elements());
            case Reply.Set set -> elements(set.elements());
            case Reply.Push push -> elements(push.elements());
            default -> 0;
        };
    }
}
