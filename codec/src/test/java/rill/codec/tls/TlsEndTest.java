package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Failure;
import rill.Listener;
import rill.Pipeline;
import rill.Promise;
import rill.codec.Text;

/** Tests how TLS between two Rill peers ends, each direction by itself. */
class TlsEndTest extends TlsRig {
    @Test
    void in_tls_1_3_each_direction_ends_by_itself() throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        Listener listener = loop.listen(ANY_PORT, Pipeline.bytes().over(Certificates.server()), accepted::complete)
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        Connection<ByteBuf, ByteBuf> server = accepted.await();
        client.write(text("question"));
        client.shutdownOutput();
        assertThat(receive(server, 8)).asString().isEqualTo("question");
        assertThat(server.receive().timeout(LONG).await()).isNull();
        server.write(text("a late answer"));
        assertThat(receive(client, 13)).asString().isEqualTo("a late answer");
        server.close();
        assertThat(client.receive().timeout(LONG).await()).isNull();
        client.close();
        client.closed().timeout(LONG).await();
        server.closed().timeout(LONG).await();
    }

    @Test
    void in_tls_1_2_the_good_bye_of_one_ends_both() throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        Listener listener = loop.listen(
                        ANY_PORT,
                        Pipeline.bytes().over(Certificates.server().versions(TlsVersion.TLS_1_2)),
                        accepted::complete)
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        Connection<ByteBuf, ByteBuf> server = accepted.await();
        Promise<Throwable> failed = loop.promise();
        server.onFailure((Failure failure) -> failed.complete(failure.cause()));
        client.write(text("question"));
        client.shutdownOutput();
        assertThat(receive(server, 8)).asString().isEqualTo("question");
        assertThat(server.receive().timeout(LONG).await()).isNull();
        server.write(text("a late answer"));
        assertThat(failed.timeout(LONG).await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("TLS 1.2 can send nothing more");
        client.close();
        client.closed().timeout(LONG).await();
    }

    @Test
    void in_tls_1_2_what_came_before_the_good_bye_is_received_though_nothing_can_be_answered() throws IOException {
        Promise<Connection<String, String>> accepted = loop.promise();
        Listener listener = loop.listen(
                        ANY_PORT,
                        Text.lines().over(Certificates.server().versions(TlsVersion.TLS_1_2)),
                        accepted::complete)
                .await();
        Connection<String, String> client = loop.connect(
                        listener.address(), Text.lines().over(Certificates.client()))
                .await();
        Connection<String, String> server = accepted.await();
        client.write("a");
        client.write("b");
        client.write("c");
        client.shutdownOutput();
        assertThat(server.receive().timeout(LONG).await()).isEqualTo("a");
        assertThat(client.receive().timeout(LONG).await())
                .as("the good-bye has come, and is answered")
                .isNull();
        server.write("an answer");
        assertThatThrownBy(() -> server.flush().timeout(LONG).await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("TLS 1.2 can send nothing more");
        assertThatThrownBy(() -> server.write("another").await()).isInstanceOf(TlsException.class);
        assertThat(server.receive().timeout(LONG).await()).isEqualTo("b");
        assertThat(server.receive().timeout(LONG).await()).isEqualTo("c");
        assertThatThrownBy(() -> server.receive().timeout(LONG).await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("TLS 1.2 can send nothing more");
        client.close();
        client.closed().timeout(LONG).await();
        server.closed().timeout(LONG).await();
    }

    @Test
    void a_close_in_good_order_loses_nothing() throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(Certificates.server()), connection -> {
                            connection.write(Unpooled.wrappedBuffer(new byte[1_000_000]));
                            connection.close();
                        })
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        receive(client, 1_000_000);
        assertThat(client.receive().timeout(LONG).await()).isNull();
    }

    /** Relays bytes between a client and a server, and ends the connection after this many bytes from the server. */
    private SocketAddress cuttingOff(SocketAddress server, int after) throws IOException {
        Listener relay = loop.<ByteBuf, ByteBuf>listen(ANY_PORT, Pipeline.bytes(), one -> {
                    one.pause();
                    loop.connect(server, Pipeline.bytes()).onDone((other, failure) -> {
                        var left = new AtomicInteger(after);
                        one.onMessage(other::write);
                        one.resume();
                        other.onMessage(bytes -> {
                            int length = Math.min(left.get(), bytes.readableBytes());
                            left.addAndGet(-length);
                            one.write(bytes.readRetainedSlice(length));
                            bytes.release();
                            if (left.get() == 0) {
                                one.close();
                                other.abort();
                            }
                        });
                    });
                })
                .await();
        return relay.address();
    }

    @Test
    void a_stream_that_is_cut_off_is_no_stream_that_has_ended() throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT,
                        Pipeline.bytes().over(Certificates.server()),
                        connection -> connection.write(Unpooled.wrappedBuffer(new byte[100_000])))
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(cuttingOff(listener.address(), 60_000), Certificates.client());
        assertThatThrownBy(() -> receive(client, 100_000))
                .isInstanceOf(TlsTruncatedException.class)
                .hasMessageContaining("without a good-bye");
    }

    @Test
    void who_writes_after_a_handshake_that_has_failed_hears_why() throws IOException {
        SocketAddress address = echo(Tls.server(Certificates.of("other.test")));
        Connection<ByteBuf, ByteBuf> plain =
                loop.connect(address, Pipeline.bytes()).await();
        Connection<ByteBuf, ByteBuf> secret = plain.become(Pipeline.bytes().over(Certificates.client()));
        secret.onFailure(failure -> {});
        secret.closed().timeout(LONG).await();
        assertThatThrownBy(() -> secret.write(text("hello")).await())
                .hasMessageContaining("since it had failed")
                .hasMessageContaining("not for server.test");
    }
}
