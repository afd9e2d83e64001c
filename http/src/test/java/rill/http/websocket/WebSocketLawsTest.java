package rill.http.websocket;

import static rill.http.websocket.Frames.client;
import static rill.http.websocket.Frames.close;
import static rill.http.websocket.Frames.deflated;
import static rill.http.websocket.Frames.head;
import static rill.http.websocket.Frames.server;
import static rill.http.websocket.Frames.utf8;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;

/** Checks both sides of a WebSocket against the laws of codecs: whole messages and parts, compressed or not. */
@Tag("slow")
@ExtendWith(Leaks.class)
final class WebSocketLawsTest {
    private static final WebSocketOptions USUAL = WebSocketOptions.defaults().messageBytes(2_000);
    private static final WebSocketOptions DEFLATE = USUAL.deflate(true).deflateFrom(1);

    private static WebSocketCodec side(boolean client, WebSocketOptions options) {
        return new WebSocketCodec(client, options.deflate(), options, 64, null);
    }

    @TestFactory
    Stream<DynamicTest> a_server() {
        return CodecLaws.of(side(false, USUAL))
                .understands(
                        client(0x81, "Hello"),
                        client(0x82, ""),
                        client(0x01, "Hel") + client(0x89, "?") + client(0x80, "lo"),
                        client(0x01, "\u00c3") + client(0x00, "") + client(0x80, "\u00a4"),
                        client(0x82, "x".repeat(300)),
                        client(0x81, utf8("κόσμε €𝄞")))
                .writes(
                        side(true, USUAL),
                        WebSocketMessage.text("κόσμε 𝄞"),
                        WebSocketMessage.text(""),
                        WebSocketMessage.text("ä".repeat(1_000)),
                        WebSocketMessage.binary(new byte[126]),
                        WebSocketMessage.binary(new byte[2_000]),
                        WebSocketMessage.close(1000, "bye ä"),
                        WebSocketMessage.close(1005, ""))
                .refuses(
                        server(0x81, "Hello"),
                        client(0xC1, "Hello"),
                        client(0xA1, "Hello"),
                        client(0x91, "Hello"),
                        client(0x83, ""),
                        client(0x8B, ""),
                        client(0x8F, ""),
                        client(0x80, "x"),
                        client(0x01, "x") + client(0x81, "x"),
                        client(0x09, "x"),
                        client(0x89, "x".repeat(126)),
                        client(0x88, "x"),
                        client(0x88, close(999, "")),
                        client(0x88, close(1005, "")),
                        client(0x88, close(1006, "")),
                        client(0x88, close(1015, "")),
                        client(0x88, close(2999, "")),
                        client(0x88, close(5000, "")),
                        client(0x88, close(1000, "") + "\u00ff"),
                        client(0x88, close(1000, "") + "\u00c3"),
                        client(0x81, "\u00ff"),
                        client(0x81, "abcdefgh\u00ed\u00a0\u0080"),
                        client(0x81, "abc\u00c3"),
                        client(0x01, "\u00f4") + client(0x80, "\u0090\u0080\u0080"),
                        client(0x01, "\u00c3") + client(0x80, ""),
                        client(0x01, "Hel") + client(0x80, "l\u00ff"),
                        "\u0082\u00fe\0\175\0\0\0\0", // 125 in two bytes
                        "\u0082\u00ff\0\0\0\0\0\0\377\377\0\0\0\0", // 65,535 in eight
                        "\u0082\u00ff\377\377\377\377\377\377\377\377\0\0\0\0",
                        head(0x82, 2_001, 0x80) + "\0\0\0\0",
                        client(0x02, "x".repeat(60)) + head(0x80, 1_941, 0x80) + "\0\0\0\0")
                .waits(head(0x82, 2_000, 0x80) + "\0\0\0\0abc", head(0x81, 2_000, 0x80) + "\0\0\0\0abc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_client() {
        return CodecLaws.of(side(true, USUAL))
                .understands(
                        server(0x81, "Hello"),
                        server(0x01, "Hel") + server(0x8A, "") + server(0x80, "lo"),
                        server(0x82, "x".repeat(700)))
                .writes(
                        side(false, USUAL),
                        WebSocketMessage.text("κόσμε 𝄞"),
                        WebSocketMessage.binary(new byte[1_999]),
                        WebSocketMessage.text("x".repeat(1_998)),
                        WebSocketMessage.close(4999, ""))
                .refuses(client(0x81, "Hello"), server(0x82, "").replace('\0', '\u0080'))
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> in_parts() {
        WebSocketOptions parts = USUAL.inParts(true).frames(3).controlByHand(true);
        return CodecLaws.of(side(false, parts))
                .understands(
                        client(0x81, "Hello"),
                        client(0x02, "x".repeat(200)) + client(0x00, "y") + client(0x80, ""),
                        client(0x01, "") + client(0x89, "ping") + client(0x80, "\u00c3\u00a4"),
                        client(0x81, "x" + "\u00c3\u00a4".repeat(100)),
                        client(0x01, "a\u00c3") + client(0x00, "") + client(0x80, "\u00a4b"))
                .writes(
                        side(true, parts),
                        new WebSocketMessage.TextPart("ä", true),
                        new WebSocketMessage.BinaryPart(new byte[3], true),
                        new WebSocketMessage.Ping(new byte[125]),
                        new WebSocketMessage.Pong(new byte[0]))
                .refuses(
                        client(0x01, "") + client(0x00, "").repeat(2),
                        client(0x01, "a") + client(0x00, "").repeat(3),
                        client(0x81, "x".repeat(64) + "\u00ff"))
                .waits(head(0x82, 1L << 40, 0x80) + "\0\0\0\0abc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> compressed() {
        String hello = deflated(Frames.bytes("Hello"));
        String zeros = deflated(new byte[2_000]);
        return CodecLaws.of(side(false, DEFLATE))
                .understands(
                        client(0xC1, hello),
                        client(0x81, "plain"),
                        client(0x41, hello.substring(0, 3)) + client(0x80, hello.substring(3)),
                        client(0xC1, "\363\110\315\311\311\7\0\0"), // a last block, and an empty one: RFC 7692, 7.2.3.5
                        client(0xC2, zeros),
                        client(0xC2, ""))
                .writes(
                        side(true, DEFLATE),
                        WebSocketMessage.text("Hello Hello Hello Hello"),
                        WebSocketMessage.text("ä".repeat(1_000)),
                        WebSocketMessage.binary(new byte[2_000]))
                .refuses(
                        client(0xC2, deflated(new byte[2_001])),
                        client(0xC2, deflated(new byte[5_000_000])),
                        client(0x42, zeros + "\0\0\377\377") + client(0x80, zeros),
                        client(0xC1, "\377\377\377"),
                        client(0xC1, deflated(new byte[] {-1})),
                        client(0xC1, deflated(new byte[] {(byte) 0xC3})),
                        client(0x41, hello) + client(0xC0, hello),
                        client(0xC9, hello),
                        head(0xC2, 4_000, 0x80) + "\0\0\0\0")
                .waits(head(0xC2, 2_000, 0x80) + "\0\0\0\0abc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> compressed_in_parts() {
        var noise = new byte[300];
        new java.util.Random(1).nextBytes(noise);
        return CodecLaws.of(side(false, DEFLATE.inParts(true)))
                .understands(
                        client(0xC1, deflated(Frames.bytes("Hello"))),
                        client(0xC2, deflated(new byte[64])),
                        client(0xC2, deflated(new byte[64 + 1])),
                        client(0xC2, deflated(new byte[2_000])),
                        client(0xC2, deflated(noise)),
                        client(0xC1, deflated(Frames.bytes(utf8("ä".repeat(301))))))
                .refuses(head(0xC2, 4_000, 0x80) + "\0\0\0\0")
                .tests();
    }
}
