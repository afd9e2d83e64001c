package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.testkit.CodecHarness;

/** Tests that on real connections the codecs keep their contract with the loop. */
final class OverLoopTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static void answer(Connection<Command, Reply> connection) {
        connection.onMessage(command -> connection.write(
                switch (command.name()) {
                    case "PING" -> Reply.PONG;
                    case "ECHO" -> Reply.bulk(command.bytes(1));
                    default -> new Reply.Failed("ERR unknown command '" + command.name() + "'");
                }));
    }

    @Test
    void a_client_and_a_server_speak_resp() throws IOException {
        try (Loop loop = Loop.open()) {
            Listener listener =
                    loop.listen(ANY_PORT, Resp.server(), OverLoopTest::answer).await();
            Client<Command, Reply> client =
                    loop.connect(listener.address(), Resp.client()).await();
            assertThat(client.call(Command.of("ping")).await()).isEqualTo(Reply.PONG);
            Reply unknown = client.call(Command.of("NOPE")).await();
            assertThatThrownBy(unknown::orThrow)
                    .isInstanceOf(RespException.class)
                    .hasMessageContaining("'NOPE'");
            for (int size : new int[] {0, 1, 8191, 8192, 65_536, 500_000}) {
                byte[] value = "x".repeat(size).getBytes(StandardCharsets.UTF_8);
                assertThat(client.call(Command.of("ECHO").with(value)).await()).isEqualTo(Reply.bulk(value));
            }
            client.close();
            client.closed().await();
        }
    }

    @Test
    void a_call_that_would_break_the_pairing_of_answers_fails_alone() throws IOException {
        try (Loop loop = Loop.open()) {
            Listener listener =
                    loop.listen(ANY_PORT, Resp.server(), OverLoopTest::answer).await();
            Client<Command, Reply> client =
                    loop.connect(listener.address(), Resp.client()).await();
            loop.run(() -> {
                Future<Reply> before = client.call(Command.of("ECHO", "before"));
                Future<Reply> refused = client.call(Command.of("SUBSCRIBE", "a", "b"));
                Future<Reply> after = client.call(Command.of("ECHO", "after"));
                assertThat(before.await()).isEqualTo(Reply.bulk("before"));
                assertThatThrownBy(refused::await)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("an answer for each channel");
                assertThat(after.await()).isEqualTo(Reply.bulk("after"));
                return null;
            });
            client.close();
            client.closed().await();
        }
    }

    @Test
    void many_calls_at_once_are_answered_in_order() throws IOException {
        try (Loop loop = Loop.open()) {
            Listener listener =
                    loop.listen(ANY_PORT, Resp.server(), OverLoopTest::answer).await();
            Client<Command, Reply> client =
                    loop.connect(listener.address(), Resp.client()).await();
            List<Reply> answers = loop.run(() -> {
                List<Future<Reply>> calls = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    calls.add(client.call(Command.of("ECHO", "value " + i)));
                }
                return Future.all(calls).await();
            });
            for (int i = 0; i < 500; i++) {
                assertThat(answers.get(i)).isEqualTo(Reply.bulk("value " + i));
            }
            client.close();
            client.closed().await();
        }
    }

    @Test
    void frames_on_top_of_a_pipeline_belong_to_the_receiver_and_text_does_not_care() throws IOException {
        try (Loop loop = Loop.open()) {
            Listener listener = loop.listen(
                            ANY_PORT,
                            Pipeline.of(LengthField.ofBytes(4).unlimited()),
                            connection -> connection.onMessage(connection::write))
                    .await();
            var text = Pipeline.of(LengthField.ofBytes(4).unlimited().with(Text.utf8()));
            Connection<String, String> connection =
                    loop.connect(listener.address(), text).await();
            for (int size : new int[] {0, 5, 9_000, 300_000}) {
                connection.write("x".repeat(size)).await();
                assertThat(connection.receive().await()).hasSize(size);
            }
            connection.finish().await();
        }
    }

    @Test
    void the_offset_of_a_violation_is_that_in_the_whole_stream() throws IOException {
        try (Loop loop = Loop.open()) {
            Listener listener = loop.listen(
                            ANY_PORT,
                            Pipeline.bytes(),
                            connection -> connection.onMessage(bytes -> {
                                bytes.release();
                                connection.write(Unpooled.wrappedBuffer(CodecHarness.ascii("+OK\r\n+OK\r\n:5x\r")));
                            }))
                    .await();
            Client<Command, Reply> client =
                    loop.connect(listener.address(), Resp.client()).await();
            loop.run(() -> {
                Future<Reply> first = client.call(Command.of("A"));
                Future<Reply> second = client.call(Command.of("B"));
                Future<Reply> third = client.call(Command.of("C"));
                assertThat(first.await()).isEqualTo(Reply.OK);
                assertThat(second.await()).isEqualTo(Reply.OK);
                assertThatThrownBy(third::await)
                        .hasCauseInstanceOf(ProtocolException.class)
                        .hasMessageContaining("found 'x' (0x78) (at byte 12 of the stream)");
                return null;
            });
        }
    }
}
