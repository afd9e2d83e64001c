package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static rill.http.websocket.Frames.client;
import static rill.http.websocket.Frames.close;
import static rill.http.websocket.Frames.deflated;
import static rill.http.websocket.Frames.server;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.testkit.CodecHarness;
import rill.testkit.CodecHarness.Outcome;
import rill.testkit.Leaks;

/** Tests what a WebSocket does by itself, what it refuses, and what it then sends to the peer. */
@ExtendWith(Leaks.class)
final class WebSocketSessionTest {
    private static final WebSocketOptions DEFAULTS = WebSocketOptions.defaults();

    private static CodecHarness<WebSocketMessage, WebSocketMessage> harness(boolean client, WebSocketOptions options) {
        return new CodecHarness<>(new WebSocketCodec(client, options.deflate(), options));
    }

    private static CodecHarness<WebSocketMessage, WebSocketMessage> aServer() {
        return harness(false, DEFAULTS);
    }

    // ---- the examples of the RFC

    @Test
    void the_examples_of_rfc_6455_are_read() {
        assertThat(harness(true, DEFAULTS).feed("\u0081\5Hello").outcome().messages())
                .containsExactly(new Text("Hello"));
        assertThat(aServer()
                        .feed("\u0081\u00857\u00fa!=\177\u009fMQX")
                        .outcome()
                        .messages())
                .containsExactly(new Text("Hello"));
    }

    @Test
    void a_server_writes_as_the_rfc_says_and_a_client_masks() {
        assertThat(aServer().write(WebSocketMessage.text("Hello"))).isEqualTo("\u0081\5Hello");
        assertThat(aServer().write(new WebSocketMessage.Binary(new byte[256])))
                .startsWith("\u0082~\1\0")
                .hasSize(4 + 256);
        assertThat(aServer().write(new WebSocketMessage.Binary(new byte[65_536])))
                .startsWith("\u0082\u007f\0\0\0\0\0\1\0\0")
                .hasSize(10 + 65_536);
        String masked = harness(true, DEFAULTS).write(WebSocketMessage.text("Hello"));
        assertThat(masked).startsWith("\u0081\u0085").hasSize(11);
    }

    @Test
    void a_text_is_sent_as_it_is_or_not_at_all_be_it_long_or_short() {
        for (int length : new int[] {0, 1_000, 1_023, 1_024, 16_384, 40_000}) {
            for (String end : new String[] {"", "?", "ä", "\uFFFD", "𝄞"}) {
                String text = "?".repeat(length) + end;
                String bytes = Frames.utf8(text);
                assertThat(aServer().write(WebSocketMessage.text(text))).isEqualTo(server(0x81, bytes));
                assertThat(aServer().feed(client(0x81, bytes)).outcome().messages())
                        .containsExactly(new Text(text));
                assertThat(aServer()
                                .feed(harness(true, DEFAULTS).write(WebSocketMessage.text(text)))
                                .outcome()
                                .messages())
                        .containsExactly(new Text(text));
            }
            for (String half : new String[] {"\uD834", "\uDD1E"}) {
                var server = aServer();
                String text = "a".repeat(length) + half;
                assertThatThrownBy(() -> server.write(WebSocketMessage.text(text)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("unpaired surrogate (at index " + length + ")");
            }
        }
    }

    @Test
    void each_frame_of_a_client_has_a_mask_of_its_own() {
        var client = harness(true, DEFAULTS);
        String one = client.write(WebSocketMessage.text("Hello"));
        String other = client.write(WebSocketMessage.text("Hello"));
        assertThat(one.substring(2, 6)).isNotEqualTo(other.substring(2, 6));
    }

    // ---- pings

    @Test
    void a_ping_is_answered_with_what_is_in_it_even_between_the_frames_of_a_message() {
        var server = aServer().feed(client(0x01, "Hel") + client(0x89, "are you there?"));
        assertThat(server.answered()).isEqualTo(server(0x8A, "are you there?"));
        assertThat(server.feed(client(0x8A, "unasked") + client(0x80, "lo"))
                        .outcome()
                        .messages())
                .containsExactly(new Text("Hello"));
    }

    @Test
    void by_hand_pings_and_pongs_are_received_and_nothing_is_answered() {
        var server = harness(false, DEFAULTS.controlByHand(true)).feed(client(0x89, "a") + client(0x8A, "b"));
        assertThat(server.outcome().messages())
                .containsExactly(
                        new WebSocketMessage.Ping(Frames.bytes("a")), new WebSocketMessage.Pong(Frames.bytes("b")));
        assertThat(server.answered()).isEmpty();
    }

    @Test
    void a_silent_peer_is_asked_and_then_given_up() {
        var server = harness(false, DEFAULTS.pings(Duration.ofSeconds(30), Duration.ofSeconds(5)));
        assertThat(server.timer()).isEqualTo(Duration.ofSeconds(30));
        server.feed(client(0x81, "x")).expireTimer();
        assertThat(server.answered()).as("it has just been heard").isEmpty();
        server.expireTimer();
        assertThat(server.answered()).isEqualTo(server(0x89, ""));
        assertThat(server.timer()).isEqualTo(Duration.ofSeconds(5));
        server.feed(client(0x8A, "")).expireTimer();
        assertThat(server.timer()).isEqualTo(Duration.ofSeconds(30));
        server.expireTimer();
        assertThatThrownBy(server::expireTimer)
                .hasRootCauseInstanceOf(rill.DeadlineException.class)
                .rootCause()
                .hasMessageContaining("within 5000 ms of a ping");
    }

    // ---- closing

    @Test
    void a_close_of_the_peer_is_answered_and_is_the_last_message() {
        Outcome outcome = aServer()
                .feed(client(0x88, close(1001, "bye")) + client(0x81, "too late"))
                .outcome();
        assertThat(outcome.messages()).containsExactly(new Close(1001, "bye"));
        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.answered()).isEqualTo(server(0x88, close(1001, "")));
        assertThat(aServer().feed(client(0x88, "")).outcome())
                .isEqualTo(
                        new Outcome(java.util.List.of(new Close(Close.NO_CODE, "")), null, -1, true, server(0x88, "")));
    }

    @Test
    void nobody_waits_for_the_close_of_a_peer_whose_stream_has_ended_without_one() {
        var server = harness(false, DEFAULTS.pings(Duration.ofSeconds(30), Duration.ofSeconds(5)))
                .endOfInput();
        assertThat(server.timer()).isNull();
        assertThat(server.write(new Close(1000, ""))).isEqualTo(server(0x88, close(1000, "")));
        assertThat(server.timer()).isNull();
    }

    @Test
    void after_our_close_what_comes_is_still_received_until_the_peers_own_which_is_not_answered_again() {
        var server = aServer();
        assertThat(server.write(new Close(1000, "done"))).isEqualTo(server(0x88, close(1000, "done")));
        assertThat(server.timer()).isEqualTo(DEFAULTS.closeTimeout());
        server.feed(client(0x81, "late") + client(0x89, "ping") + client(0x88, close(1000, "")));
        assertThat(server.outcome().messages()).containsExactly(new Text("late"), new Close(1000, ""));
        assertThat(server.answered()).isEmpty();
        assertThat(server.timer()).isNull();
    }

    @Test
    void a_close_that_is_not_answered_in_time_fails() {
        var server = aServer();
        server.write(new Close(1000, ""));
        assertThatThrownBy(server::expireTimer)
                .rootCause()
                .isInstanceOf(rill.DeadlineException.class)
                .hasMessageContaining("has not answered a Close within 5000 ms");
    }

    @Test
    void after_a_close_nothing_is_written_but_a_second_close_does_no_harm() {
        var server = aServer().feed(client(0x88, ""));
        assertThat(server.write(new Close(1000, ""))).isEmpty();
        assertThatThrownBy(() -> server.write(WebSocketMessage.text("x")))
                .hasRootCauseMessage("a message after the Close of this side can't be sent");
    }

    @Test
    void a_peer_that_ends_its_stream_between_messages_without_a_close_has_merely_ended() {
        Outcome outcome = aServer().feed(client(0x81, "x")).endOfInput().outcome();
        assertThat(outcome.messages()).containsExactly(new Text("x"));
        assertThat(outcome.ended()).isTrue();
    }

    @Test
    void a_stream_that_ends_within_a_message_is_a_violation() {
        for (String cut : new String[] {"\u0081", client(0x81, "abc").substring(0, 7), client(0x01, "abc")}) {
            Outcome outcome = aServer().feed(cut).endOfInput().outcome();
            assertThat(outcome.violation()).isEqualTo("the stream ended within a message");
            assertThat(outcome.ended()).isFalse();
        }
    }

    // ---- what is refused, and the code that the peer receives

    private static int told(WebSocketOptions options, String bytes) {
        Outcome outcome = CodecHarness.decode(new WebSocketCodec(false, options.deflate(), options), bytes);
        assertThat(outcome.violation()).as("of " + bytes).isNotNull();
        String answer = outcome.answered();
        assertThat(answer).as("of " + bytes).startsWith("\u0088");
        assertThat(answer.charAt(1)).isBetween((char) 2, (char) 125);
        return answer.charAt(2) << 8 | answer.charAt(3);
    }

    private static int told(String bytes) {
        return told(DEFAULTS, bytes);
    }

    @Test
    void an_unmasked_frame_of_a_client_is_refused_with_1002() {
        assertThat(told(server(0x81, "Hello"))).isEqualTo(1002);
    }

    @Test
    void a_masked_frame_of_a_server_is_refused_with_1002() {
        Outcome outcome = CodecHarness.decode(new WebSocketCodec(true, false, DEFAULTS), client(0x81, "Hello"));
        assertThat(outcome.violation()).contains("which is not masked", "1002");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x91, 0xA1, 0xC1, 0xB2, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0xC9})
    void reserved_bits_and_opcodes_are_refused_with_1002(int first) {
        assertThat(told(client(first, ""))).isEqualTo(1002);
    }

    @Test
    void control_frames_over_125_bytes_or_in_pieces_are_refused_with_1002() {
        assertThat(told(client(0x89, "x".repeat(126)))).isEqualTo(1002);
        assertThat(told(client(0x88, "x".repeat(126)))).isEqualTo(1002);
        assertThat(told(client(0x09, ""))).isEqualTo(1002);
        assertThat(told(client(0x08, ""))).isEqualTo(1002);
    }

    @Test
    void a_length_that_is_not_said_in_the_shortest_way_or_is_negative_is_refused_with_1002() {
        assertThat(told("\u0082\u00fe\0\175")).isEqualTo(1002); // 125 in two bytes
        assertThat(told("\u0082\u00ff\0\0\0\0\0\0\377\377")).isEqualTo(1002); // 65,535 in eight
        assertThat(told("\u0082\u00ff\377\377\377\377\377\377\377\377")).isEqualTo(1002);
    }

    @Test
    void frames_out_of_order_are_refused_with_1002() {
        assertThat(told(client(0x80, "x"))).isEqualTo(1002);
        assertThat(told(client(0x00, "x"))).isEqualTo(1002);
        assertThat(told(client(0x01, "x") + client(0x82, "x"))).isEqualTo(1002);
    }

    @Test
    void text_that_is_no_utf_8_is_refused_with_1007_wherever_it_is_split() {
        for (String bad : new String[] {
            "\u00ff",
            "abc\u0080",
            "\u00c0\u00af",
            "\u00ed\u00a0\u0080",
            "\u00f4\u0090\u0080\u0080",
            "\u00e0\u0080\u0080",
            "abc\u00c3"
        }) {
            assertThat(told(client(0x81, bad))).isEqualTo(1007);
            for (int i = 0; i <= bad.length(); i++) {
                assertThat(told(client(0x01, bad.substring(0, i)) + client(0x80, bad.substring(i))))
                        .isEqualTo(1007);
            }
        }
    }

    @Test
    void bad_text_is_refused_before_its_frame_has_come_whole() {
        Outcome outcome = aServer()
                .feed(Frames.head(0x81, 1000, 0x80) + "\0\0\0\0abc\u00ff")
                .outcome();
        assertThat(outcome.violation()).contains("UTF-8");
        assertThat(outcome.offset()).isEqualTo(11);
    }

    @Test
    void a_message_that_is_too_big_is_refused_with_1009_by_what_it_announces() {
        WebSocketOptions small = DEFAULTS.messageBytes(1000);
        assertThat(told(small, Frames.head(0x82, 1001, 0x80))).isEqualTo(1009);
        assertThat(told(small, client(0x02, "x".repeat(600)) + Frames.head(0x80, 401, 0x80)))
                .isEqualTo(1009);
        assertThat(told(small, Frames.head(0x82, Long.MAX_VALUE, 0x80))).isEqualTo(1009);
        for (int before : new int[] {1, 1000}) {
            assertThat(told(small, client(0x02, "x".repeat(before)) + Frames.head(0x80, Long.MAX_VALUE, 0x80)))
                    .isEqualTo(1009);
        }
        assertThat(harness(false, small)
                        .feed(client(0x82, "x".repeat(1000)))
                        .outcome()
                        .messages())
                .hasSize(1);
    }

    @Test
    void a_flood_of_fragments_is_refused_with_1008() {
        WebSocketOptions few = DEFAULTS.frames(100);
        assertThat(told(few, client(0x01, "") + client(0x00, "").repeat(99))).isEqualTo(1008);
        assertThat(harness(false, few)
                        .feed(client(0x01, "") + client(0x00, "").repeat(98) + client(0x80, "x"))
                        .outcome()
                        .messages())
                .containsExactly(new Text("x"));
    }

    @Test
    void in_parts_a_flood_of_fragments_with_nothing_in_them_is_refused_with_1008() {
        WebSocketOptions few = DEFAULTS.inParts(true).frames(100);
        for (String begin : new String[] {client(0x01, ""), client(0x02, ""), client(0x01, "\u00c3")}) {
            var server = harness(false, few).feed(begin + client(0x00, "").repeat(98));
            assertThat(server.outcome().violation()).isNull();
            assertThat(server.answered()).isEmpty();
            server.feed(client(0x00, ""));
            assertThat(server.outcome().violation()).contains("expected fewer than 100 frames in a row");
            assertThat(server.outcome().messages()).isEmpty();
            assertThat(server.answered().substring(2, 4)).isEqualTo(Frames.chars(1008));
        }
    }

    @Test
    void in_parts_any_number_of_fragments_with_something_in_them_is_read() {
        WebSocketOptions few = DEFAULTS.inParts(true).frames(3);
        String some = client(0x00, "x") + client(0x00, "").repeat(2);
        var server = harness(false, few).feed(client(0x01, "") + some.repeat(200));
        assertThat(server.outcome().violation()).isNull();
        assertThat(server.outcome().messages()).hasSize(200).containsOnly(new WebSocketMessage.TextPart("x", false));
        WebSocketOptions none = DEFAULTS.inParts(true).deflate(true).frames(1);
        String zeros = client(0x42, deflated(new byte[64]) + "\0\0\377\377");
        var inflating = new CodecHarness<>(new WebSocketCodec(false, true, none, 64, null));
        inflating.feed(zeros + zeros.replace('\u0042', '\0')); // each is exactly one part
        assertThat(inflating.outcome().violation()).isNull();
        assertThat(inflating.outcome().messages()).hasSize(2);
        assertThat(inflating.feed(client(0x00, "")).outcome().violation()).contains("fewer than 1 frames");
        inflating.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    void close_codes_that_may_not_be_sent_are_refused_with_1002(int code) {
        assertThat(told(client(0x88, close(code, "")))).isEqualTo(1002);
        assertThatThrownBy(() -> new Close(code, "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999})
    void close_codes_that_may_be_sent_are_understood(int code) {
        assertThat(aServer().feed(client(0x88, close(code, "ä"))).outcome().messages())
                .containsExactly(new Close(code, "ä"));
    }

    @Test
    void a_close_with_half_a_code_or_a_reason_that_is_no_text_is_refused() {
        assertThat(told(client(0x88, "x"))).isEqualTo(1002);
        assertThat(told(client(0x88, close(1000, "") + "\u00c3"))).isEqualTo(1007);
        assertThat(told(client(0x88, close(1000, "") + "\u00ff"))).isEqualTo(1007);
    }

    // ---- compression

    private static final WebSocketOptions DEFLATE =
            DEFAULTS.deflate(true).deflateFrom(1).messageBytes(100_000);

    @Test
    @Timeout(10)
    void at_the_largest_limit_what_is_compressed_is_inflated() {
        byte[] zeros = new byte[100_000];
        var server = harness(false, DEFAULTS.deflate(true).messageBytes(Integer.MAX_VALUE))
                .feed(client(0xC2, deflated(zeros)));
        assertThat(server.outcome().messages()).containsExactly(WebSocketMessage.binary(zeros));
    }

    @Test
    void every_bomb_is_refused_with_1009_and_takes_no_more_memory_than_a_message_may() {
        assertThat(told(DEFLATE, client(0xC2, deflated(new byte[100_001])))).isEqualTo(1009);
        String bomb = deflated(new byte[100_000_000]);
        var server = harness(false, DEFLATE);
        server.feed(client(0x82, "x")); // loads the classes
        long before = allocated();
        assertThat(server.feed(client(0xC2, bomb)).outcome().violation()).contains("when it is inflated");
        assertThat(allocated() - before).isLessThan(2_000_000);
        String some = deflated(new byte[60_000]);
        assertThat(told(DEFLATE, client(0x42, some + "\0\0\377\377") + client(0x80, some)))
                .isEqualTo(1009);
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    @Test
    void what_is_not_compressed_or_uses_an_earlier_message_is_refused_with_1007() {
        assertThat(told(DEFLATE, client(0xC2, "\377\377\377"))).isEqualTo(1007);
        // "Hello" by reference to five bytes before: in RFC 7692, 7.2.3.2, the second message needs the first
        assertThat(told(DEFLATE, client(0xC1, "\362\110\315\311\311\7\0") + client(0xC1, "\362\0\21\0\0")))
                .isEqualTo(1007);
        assertThat(told(DEFLATE, client(0xC1, deflated(new byte[] {-1})))).isEqualTo(1007);
    }

    @Test
    void compressed_messages_are_refused_unless_that_was_agreed() {
        assertThat(told(client(0xC1, deflated(new byte[5])))).isEqualTo(1002);
    }

    @Test
    void the_first_bit_is_for_the_first_frame_of_a_message() {
        String hello = deflated(Frames.bytes("Hello"));
        assertThat(told(DEFLATE, client(0x41, hello) + client(0xC0, ""))).isEqualTo(1002);
        assertThat(told(DEFLATE, client(0xC9, hello))).isEqualTo(1002);
    }

    @Test
    void short_messages_and_those_that_do_not_become_smaller_are_sent_as_they_are() {
        var server = harness(false, DEFLATE.deflateFrom(10));
        assertThat(server.write(WebSocketMessage.text("aaaaaaaaa"))).startsWith("\u0081");
        assertThat(server.write(WebSocketMessage.text("aaaaaaaaaa"))).startsWith("\u00c1");
        assertThat(server.write(WebSocketMessage.text("0123456789"))).startsWith("\u0081");
        assertThat(server.write(WebSocketMessage.binary(new byte[50_000])))
                .startsWith("\u00c2")
                .hasSizeLessThan(200);
        assertThat(server.write(new WebSocketMessage.BinaryPart(new byte[50_000], true)))
                .startsWith("\u0082");
    }

    // ---- parts, and what can't be written

    @Test
    void a_message_in_parts_is_one_message_of_frames() {
        String written = aServer()
                .write(
                        new WebSocketMessage.TextPart("a", false),
                        new WebSocketMessage.Ping(new byte[0]),
                        new WebSocketMessage.TextPart("b", false),
                        new WebSocketMessage.TextPart("", true),
                        new WebSocketMessage.BinaryPart(new byte[] {'c'}, true));
        assertThat(written)
                .isEqualTo(server(0x01, "a")
                        + server(0x89, "")
                        + server(0x00, "b")
                        + server(0x80, "")
                        + server(0x82, "c"));
    }

    @Test
    void a_long_part_of_a_text_is_a_frame_as_well() {
        String text = "ä".repeat(5_000);
        assertThat(aServer().write(new WebSocketMessage.TextPart(text, false)))
                .isEqualTo(Frames.head(0x01, 10_000, 0) + Frames.utf8(text));
        assertThatThrownBy(() -> aServer().write(new WebSocketMessage.TextPart(text + "\ud800", false)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_large_message_comes_in_parts_of_whole_characters_as_it_comes() {
        var server = harness(false, DEFAULTS.inParts(true));
        String first = "x" + "ä".repeat(10_000);
        server.feed(Frames.head(0x81, Frames.utf8(first).length() + 1_000_000, 0x80) + "\0\0\0\0" + Frames.utf8(first));
        assertThat(server.outcome().messages())
                .containsExactly(new WebSocketMessage.TextPart("x" + "ä".repeat(8191), false));
    }

    @Test
    void what_can_t_be_written_is_refused_and_leaves_the_rest_as_it_was() {
        var server = aServer();
        assertThatThrownBy(() -> server.write(WebSocketMessage.text("\ud800")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.write(WebSocketMessage.text("ab\udc00ä")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.write(new WebSocketMessage.Ping(new byte[126])))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Close(1000, "ä".repeat(62))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Close(Close.NO_CODE, "x")).isInstanceOf(IllegalArgumentException.class);
        server.write(new WebSocketMessage.TextPart("a", false));
        assertThatThrownBy(() -> server.write(WebSocketMessage.text("b"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.write(new WebSocketMessage.BinaryPart(new byte[1], false)))
                .isInstanceOf(IllegalStateException.class);
        assertThat(server.write(new WebSocketMessage.TextPart("c", true))).isEqualTo(server(0x80, "c"));
        assertThat(server.write(WebSocketMessage.text("d"))).isEqualTo(server(0x81, "d"));
    }
}
