package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.DeadlineException;
import rill.testkit.Authority;

/** Tests TLS byte by byte: two sides without a loop, and all that can happen to the bytes between them. */
class TlsBytesTest {
    private static final int AFTER_HANDSHAKE = 400; // so many bytes to the client, or fewer
    private static final byte[] QUESTION = bytes("a question");
    private static final byte[] ANSWER = bytes("an answer that is a little longer");
    private static final TlsServer SERVER = Tls.server(Certificates.identity(
            Certificates.AUTHORITY.issue(Authority.Wish.usual().kind("Ed25519"), "server.test")));
    private static final TlsClient CLIENT = Certificates.client();

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Changes the bytes of one side on their way to the other. */
    private interface Way {
        /** @param at how many bytes have gone this way before */
        List<byte[]> pieces(byte[] bytes, int at);
    }

    private static final Way AS_IT_IS = (bytes, at) -> List.of(bytes);

    /** A conversation between a client and a server. */
    private static final class Talk {
        final Side client;
        final Side server;
        private int toServer;
        private int toClient;

        Talk(TlsVersion version) {
            this(CLIENT.versions(version), SERVER);
        }

        Talk(TlsClient client, TlsServer server) {
            this.client = new Side(client, 1);
            this.server = new Side(server, 2);
        }

        /** Exchanges bytes until neither side sends any more. */
        Talk go(Way up, Way down) {
            for (boolean more = true; more; ) {
                byte[] question = client.take();
                up.pieces(question, toServer).forEach(server::feed);
                toServer += question.length;
                byte[] answer = server.take();
                down.pieces(answer, toClient).forEach(client::feed);
                toClient += answer.length;
                more = question.length + answer.length > 0;
            }
            return this;
        }

        Talk go() {
            return go(AS_IT_IS, AS_IT_IS);
        }

        /** Exchanges a question, an answer, and a good-bye from both sides. */
        Talk whole(Way up, Way down) {
            go(up, down);
            if (!client.holds && !client.over()) {
                client.write(QUESTION);
                go(up, down);
            }
            if (!server.holds && !server.over()) {
                server.write(ANSWER);
                go(up, down);
                server.endOutput();
                go(up, down);
            }
            if (!client.holds && !client.over()) {
                client.endOutput();
                go(up, down);
            }
            return this;
        }
    }

    private static void assertWhole(Talk talk, String how) {
        assertThat(talk.client.failure).as("client, " + how).isNull();
        assertThat(talk.server.failure).as("server, " + how).isNull();
        assertThat(talk.server.received.toByteArray()).as(how).isEqualTo(QUESTION);
        assertThat(talk.client.received.toByteArray()).as(how).isEqualTo(ANSWER);
        assertThat(talk.client.ended).as(how).isTrue();
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_handshake_opens_both_sides_and_stops_their_timers(TlsVersion version) {
        Talk talk = new Talk(version);
        assertThat(talk.client.holds).isTrue();
        assertThat(talk.client.timerRuns).isTrue();
        assertThat(talk.client.info()).isNull();
        talk.go();
        for (Side side : List.of(talk.client, talk.server)) {
            assertThat(side.failure).isNull();
            assertThat(side.holds).isFalse();
            assertThat(side.timerRuns).isFalse();
            assertThat(side.info().version()).isEqualTo(version);
            assertThat(side.info().serverName()).isEqualTo("server.test");
        }
        assertWhole(talk.whole(AS_IT_IS, AS_IT_IS), "whole");
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void bytes_may_come_one_by_one(TlsVersion version) {
        Way single = (bytes, at) -> {
            var pieces = new ArrayList<byte[]>();
            for (byte b : bytes) {
                pieces.add(new byte[] {b});
            }
            return pieces;
        };
        assertWhole(new Talk(version).whole(single, single), "byte by byte");
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void bytes_may_be_split_anywhere(TlsVersion version) {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        Way split = (bytes, at) -> {
            var pieces = new ArrayList<byte[]>();
            for (int from = 0; from < bytes.length; ) {
                int to = Math.min(bytes.length, from + 1 + random.nextInt(1 + random.nextInt(2000)));
                pieces.add(Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            return pieces;
        };
        for (int i = 0; i < 50; i++) {
            assertWhole(new Talk(version).whole(split, split), "seed " + seed + ", round " + i);
        }
    }

    /** Drops everything after this many bytes. */
    private static Way cut(int after) {
        return (bytes, at) -> List.of(Arrays.copyOf(bytes, Math.max(0, Math.min(bytes.length, after - at))));
    }

    private static int lengthToClient(TlsVersion version) {
        Talk talk = new Talk(version).whole(AS_IT_IS, AS_IT_IS);
        return talk.toClient;
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_stream_that_is_cut_off_anywhere_is_never_taken_for_one_that_has_ended(TlsVersion version) {
        int length = lengthToClient(version);
        int early = 0;
        int late = 0;
        // Everywhere in what comes after the handshake, and at each third byte of it.
        int first = new Random().nextInt(3);
        for (int after = first; after < length; after += after < length - AFTER_HANDSHAKE ? 3 : 1) {
            Talk talk = new Talk(version).whole(AS_IT_IS, cut(after));
            talk.client.endInput();
            assertThat(talk.client.ended).as("cut off after %d", after).isFalse();
            assertThat(talk.client.failure)
                    .as("cut off after %d", after)
                    .isInstanceOf(TlsTruncatedException.class)
                    .hasMessageContaining("server.test");
            byte[] received = talk.client.received.toByteArray();
            assertThat(received).isEqualTo(Arrays.copyOf(ANSWER, received.length));
            if (talk.client.failure.getMessage().contains("in the middle of the handshake")) {
                early++;
            } else {
                late++;
            }
        }
        assertThat(early).isGreaterThan(150);
        assertThat(late).isGreaterThan(ANSWER.length);
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_byte_that_was_changed_anywhere_is_noticed(TlsVersion version) {
        int length = lengthToClient(version);
        long seed = new Random().nextLong();
        var random = new Random(seed);
        int noticed = 0;
        for (int n = 0; n < 200; n++) {
            int place = random.nextInt(length);
            int change = 1 + random.nextInt(255);
            Way changed = (bytes, at) -> {
                byte[] copy = bytes.clone();
                if (place >= at && place < at + bytes.length) {
                    copy[place - at] ^= (byte) change;
                }
                return List.of(copy);
            };
            Talk talk = new Talk(version).whole(AS_IT_IS, changed);
            String how = "byte " + place + " by " + change + ", seed " + seed;
            talk.client.endInput();
            if (talk.client.failure != null) {
                assertThat(talk.client.failure).as(how).isInstanceOf(TlsException.class);
                noticed++;
            } else { // for example, the version in a record's header does not count
                assertThat(talk.client.received.toByteArray()).as(how).isEqualTo(ANSWER);
            }
        }
        assertThat(noticed).isGreaterThan(150);
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_server_survives_a_client_that_was_changed_anywhere(TlsVersion version) {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int n = 0; n < 200; n++) {
            int place = random.nextInt(600);
            int change = 1 + random.nextInt(255);
            Way changed = (bytes, at) -> {
                byte[] copy = bytes.clone();
                if (place >= at && place < at + bytes.length) {
                    copy[place - at] ^= (byte) change;
                }
                return List.of(copy);
            };
            Talk talk = new Talk(version).whole(changed, AS_IT_IS);
            talk.server.endInput();
            String how = "byte " + place + " by " + change + ", seed " + seed;
            if (talk.server.failure != null) {
                assertThat(talk.server.failure).as(how).isInstanceOf(TlsException.class);
            } else {
                assertThat(talk.server.received.toByteArray()).as(how).isEqualTo(QUESTION);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_handshake_that_stops_anywhere_ends_at_its_deadline(TlsVersion version) {
        int length = lengthToClient(version);
        int stopped = 0;
        for (int after = 0; after < length; after += 13) {
            Talk talk = new Talk(version).go(AS_IT_IS, cut(after));
            if (talk.client.holds) {
                stopped++;
                assertThat(talk.client.timerRuns).isTrue();
                talk.client.expireTimer();
                assertThat(talk.client.failure)
                        .isInstanceOf(DeadlineException.class)
                        .hasMessageContaining("no handshake within 10000 ms");
            }
        }
        assertThat(stopped).isGreaterThan(20);
    }

    @Test
    void of_a_record_it_says_how_much_is_missing() {
        Side server = new Side(SERVER, 1);
        server.feed(new byte[] {22, 3});
        assertThat(server.wanted()).as("of the header").isEqualTo(3);
        server.feed(new byte[] {3, 0, 100, 1, 2});
        assertThat(server.wanted()).as("of the rest").isEqualTo(98);
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void much_is_sent_in_as_few_records_as_it_takes(TlsVersion version) {
        Talk talk = new Talk(version).go();
        talk.client.write(new byte[3 * TlsRecord.MOST_PLAIN]);
        assertThat(records(talk.client.take())).hasSize(3);
        talk.client.write(new byte[3 * TlsRecord.MOST_PLAIN + 1]);
        List<Integer> sizes = records(talk.client.take());
        assertThat(sizes).hasSize(4);
        assertThat(sizes.subList(0, 3)).allMatch(size -> size > TlsRecord.MOST_PLAIN);
        assertThat(sizes.getLast()).isLessThan(100);
    }

    /** Returns the length that each record's header declares. */
    private static List<Integer> records(byte[] bytes) {
        var sizes = new ArrayList<Integer>();
        for (int at = 0; at < bytes.length; at += TlsRecord.HEADER + sizes.getLast()) {
            sizes.add(number(bytes, at + 3));
        }
        return sizes;
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_good_bye_is_answered_at_once_in_tls_1_2_and_not_before_the_own_end_in_1_3(TlsVersion version) {
        Talk talk = new Talk(version).go();
        talk.server.endOutput();
        talk.client.feed(talk.server.take());
        assertThat(talk.client.ended).isTrue();
        int answered = records(talk.client.take()).size();
        assertThat(answered).isEqualTo(version == TlsVersion.TLS_1_2 ? 1 : 0);
        talk.client.endOutput();
        assertThat(records(talk.client.take())).as("once").hasSize(1 - answered);
    }

    // ---- input that is not TLS

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                "220 mail.test ready\r\n",
                "+OK\r\n",
                "\0\0\0\5hello",
                "S",
                "\u0016x"
            })
    void who_does_not_speak_tls_is_told_from_who_does(String text) {
        for (Side side : List.of(new Side(SERVER, 1), new Side(CLIENT, 1))) {
            side.take();
            side.feed(bytes(text));
            assertThat(side.failure).isInstanceOf(TlsException.class).hasMessageContaining("does not speak TLS");
            if (text.length() > 1 && text.charAt(0) > ' ') {
                assertThat(side.failure)
                        .hasMessageContaining(text.lines().findFirst().orElseThrow())
                        .hasMessageContaining("is this a port without TLS?");
            }
            assertThat(side.take()).isEmpty();
        }
    }

    @Test
    void ssl_2_is_named() {
        Side server = new Side(SERVER, 1);
        server.feed(new byte[] {(byte) 0x80, 46, 1, 0, 2});
        assertThat(server.failure).hasMessageContaining("SSL 2");
    }

    @Test
    void garbage_is_refused_whatever_it_is() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int n = 0; n < 2000; n++) {
            var garbage = new byte[1 + random.nextInt(300)];
            random.nextBytes(garbage);
            if (n % 2 == 0) { // half of them get past the first check
                garbage[0] = 22;
                if (garbage.length > 4) {
                    garbage[1] = 3;
                    garbage[3] = 0;
                }
            }
            Side server = new Side(n % 4 < 2 ? SERVER : Tls.server(name -> null), 1);
            server.feed(garbage);
            server.endInput();
            assertThat(server.failure).as("seed " + seed + ", round " + n).isInstanceOf(TlsException.class);
        }
    }

    // ---- alerts

    @Test
    void every_alert_of_the_peer_is_named() {
        Map<Integer, String> names = Map.ofEntries(
                Map.entry(10, "unexpected_message"),
                Map.entry(20, "bad_record_mac"),
                Map.entry(40, "handshake_failure"),
                Map.entry(42, "bad_certificate"),
                Map.entry(43, "unsupported_certificate"),
                Map.entry(44, "certificate_revoked"),
                Map.entry(45, "certificate_expired"),
                Map.entry(46, "certificate_unknown"),
                Map.entry(47, "illegal_parameter"),
                Map.entry(48, "unknown_ca"),
                Map.entry(49, "access_denied"),
                Map.entry(50, "decode_error"),
                Map.entry(51, "decrypt_error"),
                Map.entry(70, "protocol_version"),
                Map.entry(71, "insufficient_security"),
                Map.entry(80, "internal_error"),
                Map.entry(90, "user_canceled"),
                Map.entry(112, "unrecognized_name"),
                Map.entry(116, "certificate_required"),
                Map.entry(120, "no_application_protocol"),
                Map.entry(121, "ech_required"), // this one and the next are unknown to the JDK
                Map.entry(99, "99"),
                Map.entry(200, "200"));
        names.forEach((code, name) -> {
            Side client = new Side(CLIENT, 1);
            client.feed(TlsRecord.fatalAlert(code));
            assertThat(client.failure)
                    .isInstanceOfSatisfying(TlsException.class, e -> {
                        assertThat(e.alert()).isEqualTo(name);
                        assertThat(e.isFromPeer()).isTrue();
                    })
                    .hasMessageContaining("the peer refuses, with the alert " + name);
        });
    }

    @Test
    void a_good_bye_in_the_middle_of_a_handshake_is_a_failure() {
        Side client = new Side(CLIENT, 1);
        client.feed(new byte[] {21, 3, 3, 0, 2, 1, 0});
        assertThat(client.failure).isInstanceOf(TlsException.class);
        assertThat(client.ended).isFalse();
    }

    // ---- the name that a client asks for

    private static byte[] clientHello() {
        return new Side(CLIENT, 1).take();
    }

    /** Splits the handshake message of a record into records of this size. */
    private static byte[] fragmented(byte[] record, int size) {
        var all = new ByteArrayOutputStream();
        for (int at = TlsRecord.HEADER; at < record.length; at += size) {
            int length = Math.min(size, record.length - at);
            all.writeBytes(new byte[] {22, 3, 1, (byte) (length >> 8), (byte) length});
            all.write(record, at, length);
        }
        return all.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 50, 100, 1000})
    void the_name_is_found_in_any_number_of_records_and_pieces(int size) {
        var asked = new ArrayList<String>();
        TlsServer byName = Tls.server(name -> {
            asked.add(name);
            return null;
        });
        byte[] hello = fragmented(clientHello(), size);
        Side whole = new Side(byName, 1);
        whole.feed(hello);
        Side pieces = new Side(byName, 1);
        for (byte b : hello) {
            pieces.feed(new byte[] {b});
        }
        assertThat(asked).containsExactly("server.test", "server.test");
        for (Side side : List.of(whole, pieces)) {
            assertThat(side.failure)
                    .isInstanceOfSatisfying(
                            TlsException.class, e -> assertThat(e.alert()).isEqualTo("unrecognized_name"));
            assertThat(side.take()).isEqualTo(TlsRecord.fatalAlert(112));
        }
    }

    @Test
    void a_client_hello_of_more_than_16_kib_is_refused_at_its_header() {
        Side server = new Side(Tls.server(name -> null), 1);
        server.feed(new byte[] {22, 3, 1, 0, 4, 1, 0, 0x40, 1});
        assertThat(server.failure).hasMessageContaining("16385 bytes").hasMessageContaining("16384");
    }

    @Test
    void a_client_hello_without_content_is_refused_at_once() {
        Side server = new Side(Tls.server(name -> null), 1);
        server.feed(new byte[] {22, 3, 1, 0, 4, 1, 0, 0, 0});
        assertThat(server.failure)
                .isInstanceOfSatisfying(
                        TlsException.class, e -> assertThat(e.alert()).isEqualTo("decode_error"));
    }

    @Test
    void a_client_hello_of_16_kib_is_read() {
        var asked = new ArrayList<String>();
        byte[] small = hello(name(0, "server.test"));
        int room = ClientHello.LONGEST + 4 + TlsRecord.HEADER - small.length - 4;
        byte[] hello = hello(name(0, "server.test"), extension(21, new byte[room])); // padding
        Side server = new Side(noting(asked), 1);
        server.feed(fragmented(hello, 10_000));
        assertThat(hello.length - TlsRecord.HEADER - 4).isEqualTo(16_384);
        assertThat(asked).containsExactly("server.test");
    }

    @Test
    void a_server_has_one_name_of_1_to_255_characters() {
        var asked = new ArrayList<String>();
        for (String each : List.of("a", "A-Z_0.9.test", "x".repeat(255))) {
            new Side(noting(asked), 1).feed(hello(name(0, each)));
        }
        assertThat(asked).containsExactly("a", "a-z_0.9.test", "x".repeat(255));
        asked.clear();
        for (byte[] hello : List.of(
                hello(name(0, "")),
                hello(name(0, "x".repeat(256))),
                hello(name(0, "a b")),
                hello(name(0, "a\0")),
                hello(name(0, "b\u00fccher")),
                hello(name(1, "other.kind")),
                hello(name(0, "one.test"), name(0, "two.test")),
                hello(name(0, "one.test"), name(0, "one.test")),
                hello(extension(0, join(entry(0, "one.test"), entry(0, "two.test")))))) {
            Side server = new Side(noting(asked), 1);
            server.feed(hello);
            assertThat(server.failure)
                    .isInstanceOfSatisfying(
                            TlsException.class, e -> assertThat(e.alert()).isEqualTo("decode_error"));
            assertThat(server.take()).isEqualTo(TlsRecord.fatalAlert(50));
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void who_is_asked_to_greet_again_can_not_ask_for_another_name() {
        byte[] first = clientHello();
        byte[] second = bytes(new String(first, StandardCharsets.ISO_8859_1).replace("server.test", "serves.test"));
        offerStrangeKeysAlone(first);
        Identity identity = Certificates.of("server.test", "serves.test");
        Side server = new Side(Tls.server(name -> identity), 1);
        server.feed(first);
        assertThat(server.failure).isNull();
        assertThat(server.take()).as("a HelloRetryRequest").startsWith(22, 3, 3);
        server.feed(second);
        assertThat(server.failure)
                .isInstanceOfSatisfying(
                        TlsException.class, e -> assertThat(e.alert()).isEqualTo("unrecognized_name"));
    }

    /** Changes a ClientHello in one record: its key shares are all of an unknown group. */
    private static void offerStrangeKeysAlone(byte[] hello) {
        int at = TlsRecord.HEADER + 4 + 2 + 32;
        at += 1 + hello[at];
        at += 2 + number(hello, at);
        at += 1 + hello[at];
        at += 2;
        for (; at < hello.length; at += 4 + number(hello, at + 2)) {
            int end = at + 4 + number(hello, at + 2);
            if (number(hello, at) == 51) {
                for (int key = at + 6; key < end; key += 4 + number(hello, key + 2)) {
                    hello[key] = 0x0a;
                    hello[key + 1] = 0x0a;
                }
            }
        }
    }

    private static int number(byte[] bytes, int at) {
        return ((bytes[at] & 0xFF) << 8) | (bytes[at + 1] & 0xFF);
    }

    /** A server that notes each name and has no certificate for any. */
    private static TlsServer noting(List<String> asked) {
        return Tls.server(name -> {
            asked.add(name);
            return null;
        });
    }

    /** A ClientHello with only these extensions, in one record. */
    private static byte[] hello(byte[]... extensions) {
        byte[] body = join(
                new byte[2 + 32], // version, random
                new byte[] {0, 0, 2, 0x13, 1, 1, 0}, // no session, one cipher suite, no compression
                withLength(join(extensions)));
        byte[] message = join(new byte[] {1, (byte) (body.length >> 16)}, withLength(body));
        return join(new byte[] {22, 3, 1}, withLength(message));
    }

    private static byte[] name(int kind, String name) {
        return extension(0, entry(kind, name));
    }

    private static byte[] entry(int kind, String name) {
        return join(new byte[] {(byte) kind}, withLength(bytes(name)));
    }

    private static byte[] extension(int type, byte[] content) {
        return join(new byte[] {0, (byte) type}, withLength(type == 0 ? withLength(content) : content));
    }

    private static byte[] withLength(byte[] content) {
        return join(new byte[] {(byte) (content.length >> 8), (byte) content.length}, content);
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void a_client_hello_that_was_changed_anywhere_never_does_worse_than_be_refused() {
        byte[] hello = clientHello();
        for (int place = 0; place < hello.length; place++) {
            for (int change : new int[] {1, 0x80, 0xFF}) {
                byte[] changed = hello.clone();
                changed[place] ^= (byte) change;
                Side server = new Side(Tls.server(name -> null), 1);
                server.feed(changed);
                server.endInput();
                assertThat(server.failure).as("byte %d by %d", place, change).isInstanceOf(TlsException.class);
            }
        }
    }
}
