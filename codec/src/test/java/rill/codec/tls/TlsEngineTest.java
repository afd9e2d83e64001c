package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests sessions over engines that, unlike the JDK's, do not consume each record at the first attempt. */
class TlsEngineTest {
    private static final byte[] RECORD = {22, 3, 3, 0, 1, 0};

    /** Reports the scripted states, one for each call of unwrap, and consumes nothing until the script is over. */
    private static final class Scripted extends SSLEngine {
        private final SSLEngine real;
        private final Queue<HandshakeStatus> wants;
        private HandshakeStatus status = HandshakeStatus.NEED_UNWRAP;
        int shown;
        int said;
        int computed;

        Scripted(HandshakeStatus... wants) throws Exception {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, null, null);
            this.real = context.createSSLEngine();
            this.wants = new ArrayDeque<>(List.of(wants));
        }

        @Override
        public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length) {
            shown++;
            assertThat(shown).as("how often it is shown the same record").isLessThan(10);
            boolean takes = wants.isEmpty();
            status = takes ? HandshakeStatus.NEED_UNWRAP : wants.remove();
            return new SSLEngineResult(SSLEngineResult.Status.OK, status, takes ? source.remaining() : 0, 0);
        }

        @Override
        public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target) {
            said++;
            target.put((byte) '!');
            status = HandshakeStatus.NEED_UNWRAP;
            return new SSLEngineResult(SSLEngineResult.Status.OK, status, 0, 1);
        }

        @Override
        public @Nullable Runnable getDelegatedTask() {
            if (status != HandshakeStatus.NEED_TASK) {
                return null;
            }
            status = HandshakeStatus.NEED_UNWRAP;
            return () -> computed++;
        }

        @Override
        public HandshakeStatus getHandshakeStatus() {
            return status;
        }

        @Override
        public void beginHandshake() {}

        @Override
        public void closeInbound() {}

        @Override
        public boolean isInboundDone() {
            return false;
        }

        @Override
        public void closeOutbound() {}

        @Override
        public boolean isOutboundDone() {
            return true;
        }

        @Override
        public SSLSession getSession() {
            return real.getSession();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return real.getSupportedCipherSuites();
        }

        @Override
        public String[] getEnabledCipherSuites() {
            return real.getEnabledCipherSuites();
        }

        @Override
        public void setEnabledCipherSuites(String[] suites) {}

        @Override
        public String[] getSupportedProtocols() {
            return real.getSupportedProtocols();
        }

        @Override
        public String[] getEnabledProtocols() {
            return real.getEnabledProtocols();
        }

        @Override
        public void setEnabledProtocols(String[] protocols) {}

        @Override
        public void setUseClientMode(boolean client) {}

        @Override
        public boolean getUseClientMode() {
            return true;
        }

        @Override
        public void setNeedClientAuth(boolean need) {}

        @Override
        public boolean getNeedClientAuth() {
            return false;
        }

        @Override
        public void setWantClientAuth(boolean want) {}

        @Override
        public boolean getWantClientAuth() {
            return false;
        }

        @Override
        public void setEnableSessionCreation(boolean flag) {}

        @Override
        public boolean getEnableSessionCreation() {
            return true;
        }
    }

    private static Side client(SSLEngine engine) {
        return side(engine, true);
    }

    private static Side side(SSLEngine engine, boolean client) {
        var engines = new Engines() {
            @Override
            public boolean isQuick() {
                return true;
            }

            @Override
            public boolean needName() {
                return false;
            }

            @Override
            public SSLEngine make(@Nullable String name) {
                return engine;
            }
        };
        return new Side(context -> new TlsSession(context, engines, Duration.ofSeconds(10), client, "a peer"), 1);
    }

    /** Returns an engine whose handshake is over. */
    private static Scripted open() throws Exception {
        var engine = new Scripted();
        engine.status = HandshakeStatus.NOT_HANDSHAKING;
        return engine;
    }

    /** Returns a record of application data, as large as this with its header. */
    private static byte[] record(int size) {
        byte[] record = Arrays.copyOf(new byte[] {TlsRecord.APPLICATION_DATA, 3, 3}, size);
        record[3] = (byte) ((size - TlsRecord.HEADER) >> 8);
        record[4] = (byte) (size - TlsRecord.HEADER);
        return record;
    }

    @Test
    void one_that_takes_nothing_of_a_record_fails_its_connection_and_does_not_spin() throws Exception {
        var engine = new Scripted(HandshakeStatus.NEED_UNWRAP);
        Side client = client(engine);
        client.feed(RECORD);
        assertThat(client.failure).isInstanceOf(TlsException.class).hasMessageContaining("makes no progress");
        assertThat(engine.shown).isEqualTo(1);
    }

    @Test
    void one_that_has_something_to_compute_or_to_say_first_is_shown_the_record_again() throws Exception {
        var engine = new Scripted(HandshakeStatus.NEED_TASK, HandshakeStatus.NEED_WRAP);
        Side client = client(engine);
        client.feed(RECORD);
        assertThat(client.failure).isNull();
        assertThat(engine.computed).isEqualTo(1);
        assertThat(engine.said).isEqualTo(1);
        assertThat(engine.shown).isEqualTo(3);
        assertThat(client.take()).containsExactly('!');
    }

    /** Such a record may hold thousands of updates of keys. */
    @Test
    void a_long_record_without_content_fails_a_servers_connection_at_once() throws Exception {
        var engine = open();
        Side server = side(engine, false);
        server.feed(record(16_389));
        assertThat(server.failure)
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("without any content")
                .hasMessageContaining("1022 short records");
        assertThat(engine.shown).isEqualTo(1);
    }

    @Test
    void records_without_content_count_by_their_length() throws Exception {
        Side server = side(open(), false);
        for (int i = 0; i < 4; i++) {
            server.feed(record(64 + 7 * 16));
            assertThat(server.failure).as("record " + i).isNull();
        }
        server.feed(record(6));
        assertThat(server.failure).hasMessageContaining("33 short records");
    }

    /** A server's tickets may be long. */
    @Test
    void a_client_takes_one_long_record_without_content_and_not_two() throws Exception {
        Side client = side(open(), true);
        client.feed(record(16_389));
        assertThat(client.failure).isNull();
        client.feed(record(16_389));
        assertThat(client.failure).isInstanceOf(TlsException.class).hasMessageContaining("34 short records");
    }
}
