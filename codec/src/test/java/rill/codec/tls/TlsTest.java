package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;

/** TLS between Rill and Rill, over real sockets. */
class TlsTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private Loop loop;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open();
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private SocketAddress echo(TlsServer tls) throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(tls), connection -> connection.onMessage(connection::write))
                .await();
        return listener.address();
    }

    private Connection<ByteBuf, ByteBuf> connect(SocketAddress address, TlsClient tls) throws IOException {
        return loop.connect(address, Pipeline.bytes().over(tls)).await();
    }

    private static byte[] receive(Connection<ByteBuf, ByteBuf> connection, int size) throws IOException {
        var all = new byte[size];
        int n = 0;
        while (n < size) {
            ByteBuf piece = connection.receive().await();
            int length = piece.readableBytes();
            piece.readBytes(all, n, length);
            piece.release();
            n += length;
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void bytes_of_any_number_come_back_as_they_were(TlsVersion version) throws IOException {
        SocketAddress address = echo(Certificates.server().versions(version));
        Connection<ByteBuf, ByteBuf> connection = connect(address, Certificates.client());
        TlsInfo info = connection.info(TlsInfo.class).orElseThrow();
        assertThat(info.version()).isEqualTo(version);
        assertThat(info.serverName()).isEqualTo("server.test");
        assertThat(info.peerCertificates()).hasSize(1);
        var random = new Random(7);
        for (int size : new int[] {1, 2, 100, 16_366, 16_367, 16_368, 16_384, 16_385, 100_000, 3_000_000}) {
            var sent = new byte[size];
            random.nextBytes(sent);
            connection.write(Unpooled.wrappedBuffer(sent));
            assertThat(receive(connection, size)).as(size + " bytes").isEqualTo(sent);
        }
        connection.close();
        connection.closed().await();
    }
}
