package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.Report;
import rill.testkit.Leaks;

/** A loop over real sockets, with servers and clients that speak TLS. */
@ExtendWith(Leaks.class)
@Timeout(120)
abstract class TlsRig {
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    static final Duration LONG = Duration.ofSeconds(30);

    Loop loop;
    Promise<Throwable> refused; // the failure of the first connection that was not delivered

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .slowHandle(Duration.ZERO) // the first handshakes load many classes of the JDK
                .reporter(report -> {
                    if (report instanceof Report.ConnectionFailed failed) {
                        refused.complete(failed.cause());
                    }
                }));
        refused = loop.promise();
    }

    @AfterEach
    void close() {
        loop.close();
    }

    SocketAddress echo(TlsServer tls) throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(tls), connection -> connection.onMessage(connection::write))
                .await();
        return listener.address();
    }

    Connection<ByteBuf, ByteBuf> connect(SocketAddress address, TlsClient tls) throws IOException {
        return loop.connect(address, Pipeline.bytes().over(tls)).await();
    }

    static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    static byte[] receive(Connection<ByteBuf, ByteBuf> connection, int size) throws IOException {
        var all = new byte[size];
        int n = 0;
        while (n < size) {
            ByteBuf piece = connection.receive().timeout(LONG).await();
            int length = piece.readableBytes();
            piece.readBytes(all, n, length);
            piece.release();
            n += length;
        }
        return all;
    }

    static TlsInfo info(Connection<?, ?> connection) {
        return connection.info(TlsInfo.class).orElseThrow();
    }
}
