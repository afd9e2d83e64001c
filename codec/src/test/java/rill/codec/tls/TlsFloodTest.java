package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Tests peers that send only valid records, but too many of them. */
class TlsFloodTest {
    private static Side server() {
        return new Side(Certificates.server(), 1);
    }

    @Test
    void updates_of_keys_are_answered_and_taken_in_reason() throws Exception {
        Side server = server();
        RawPeer client = RawPeer.client(TlsVersion.TLS_1_3);
        client.talkTo(server);
        for (int i = 0; i < 5; i++) {
            client.engine.beginHandshake();
            client.talkTo(server);
            server.feed(client.wrap(ByteBuffer.wrap(new byte[] {(byte) i})));
        }
        assertThat(server.failure).isNull();
        assertThat(server.received.toByteArray()).containsExactly(0, 1, 2, 3, 4);
        for (int i = 0; i < 100 && server.failure == null; i++) {
            client.engine.beginHandshake();
            server.feed(client.say());
        }
        assertThat(server.failure)
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("without any content (updates of keys, tickets): as much as 33 short records");
    }

    @Test
    void content_makes_up_for_records_without_any_by_its_length() throws Exception {
        Side server = server();
        RawPeer client = RawPeer.client(TlsVersion.TLS_1_3);
        client.talkTo(server);
        for (int i = 0; i < 10; i++) {
            updateKeys(client, server, 20);
            assertThat(server.failure).isNull();
            server.feed(client.wrap(ByteBuffer.allocate(10 * 1024)));
            server.feed(client.wrap(ByteBuffer.allocate(10 * 1024)));
        }
        assertThat(server.received.size()).isEqualTo(10 * 20 * 1024);
    }

    @Test
    void a_single_byte_in_either_direction_makes_up_for_no_record() throws Exception {
        Side server = server();
        RawPeer client = RawPeer.client(TlsVersion.TLS_1_3);
        client.talkTo(server);
        updateKeys(client, server, 20);
        server.feed(client.wrap(ByteBuffer.allocate(1)));
        server.write(new byte[1]);
        updateKeys(client, server, 12);
        assertThat(server.failure).isNull();
        updateKeys(client, server, 1);
        assertThat(server.failure).isInstanceOf(TlsException.class).hasMessageContaining("without any content");
    }

    @Test
    void who_is_sent_something_may_answer_without_content() throws Exception {
        Side server = server();
        RawPeer client = RawPeer.client(TlsVersion.TLS_1_3);
        client.talkTo(server);
        for (int i = 0; i < 10; i++) {
            updateKeys(client, server, 20);
            assertThat(server.failure).isNull();
            server.write(new byte[20 * 1024]);
        }
    }

    private static void updateKeys(RawPeer client, Side server, int times) throws Exception {
        for (int i = 0; i < times && server.failure == null; i++) {
            client.engine.beginHandshake();
            client.talkTo(server);
        }
    }

    @Test
    void a_handshake_of_very_many_bytes_is_refused_however_few_its_records_are() {
        Side client = new Side(Certificates.client().versions(TlsVersion.TLS_1_2), 1);
        var record =
                new byte[TlsRecord.HEADER + 16_384]; // HelloRequests, which mean nothing in the middle of a handshake
        record[0] = TlsRecord.HANDSHAKE;
        record[1] = 3;
        record[2] = 3;
        record[3] = 0x40;
        for (int i = 0; i < 15; i++) {
            client.feed(record);
            assertThat(client.failure).as("record " + i).isNull();
        }
        client.feed(record);
        assertThat(client.failure).isInstanceOf(TlsException.class).hasMessageContaining("more than 262144 bytes");
    }

    @Test
    void a_handshake_in_very_small_records_is_refused() {
        byte[] hello = new Side(
                        Certificates.client().alpn("x".repeat(255), "y".repeat(255), "z".repeat(255), "w".repeat(255)),
                        1)
                .take();
        assertThat(hello.length).isGreaterThan(1100);
        for (TlsServer server : new TlsServer[] {Certificates.server(), Tls.server(name -> null)}) {
            Side side = new Side(server, 1);
            for (int i = 5; i < hello.length; i++) {
                side.feed(new byte[] {22, 3, 1, 0, 1, hello[i]});
            }
            assertThat(side.failure).isInstanceOf(TlsException.class).hasMessageContaining("1024 records");
        }
    }

    @Test
    void a_client_that_negotiates_anew_is_refused() throws Exception {
        Side server = server();
        RawPeer client = RawPeer.client(TlsVersion.TLS_1_2);
        client.talkTo(server);
        client.engine.beginHandshake();
        server.feed(client.say());
        assertThat(server.failure)
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("negotiate anew, which is refused");
        assertThat(server.take()).as("its good-bye").isNotEmpty();
    }

    @Test
    void a_server_that_negotiates_anew_is_refused() throws Exception {
        Side client = new Side(Certificates.client(), 1);
        RawPeer server = RawPeer.server(TlsVersion.TLS_1_2, Certificates.of("server.test"));
        server.talkTo(client);
        assertThat(client.failure).isNull();
        server.engine.beginHandshake();
        client.feed(server.say());
        assertThat(client.failure)
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("negotiate anew, which is refused");
    }
}
