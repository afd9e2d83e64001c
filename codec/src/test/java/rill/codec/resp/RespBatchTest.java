package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.codec.resp.RespClientCodec.Pairing;
import rill.testkit.CodecHarness;

/** Tests several commands as one call. */
final class RespBatchTest {
    private static CodecHarness<List<Reply>, List<Command>> harness(Pairing pairing) {
        return new CodecHarness<>(new RespBatchCodec(RespCodecs.greeting(Hello.resp2(), pairing)));
    }

    private static List<Command> batch(String... commands) {
        List<Command> batch = new ArrayList<>();
        for (String each : commands) {
            batch.add(Command.of(each.split(" ", -1)));
        }
        return batch;
    }

    @Test
    void each_batch_has_as_many_replies_as_commands() {
        var harness = harness(Pairing.REPLIES);
        assertThat(harness.write(batch("PING", "GET a"), batch("PING")))
                .isEqualTo("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n");
        harness.feed("+PONG\r\n");
        assertThat(harness.outcome().messages()).isEmpty();
        harness.feed("-ERR no\r\n+PONG\r\n");
        assertThat(harness.outcome().messages())
                .containsExactly(List.of(Reply.PONG, new Reply.Failed("ERR no")), List.of(Reply.PONG));
    }

    @Test
    void pushes_come_between_the_replies_of_a_batch_and_are_none_of_them() {
        var harness =
                new CodecHarness<>(new RespBatchCodec(RespCodecs.greeting(Hello.resp3(), Pairing.REPLIES_AND_PUSHES)));
        harness.feed("%0\r\n");
        harness.write(batch("PING", "PING"));
        harness.feed("+PONG\r\n>1\r\n+news\r\n+PONG\r\n");
        assertThat(harness.outcome().messages())
                .containsExactly(
                        List.of(new Reply.Push(List.of(new Reply.Simple("news")))), List.of(Reply.PONG, Reply.PONG));
    }

    @Test
    void only_a_push_by_itself_answers_no_batch() {
        var push = new Reply.Push(List.of(new Reply.Simple("news")));
        assertThat(RespBatchCodec.isPush(List.of(push))).isTrue();
        assertThat(RespBatchCodec.isPush(List.of(Reply.OK))).isFalse();
        assertThat(RespBatchCodec.isPush(List.of(Reply.OK, Reply.OK))).isFalse();
    }

    @Test
    void a_batch_with_a_command_that_is_refused_or_none_at_all_shifts_nothing() {
        var harness = harness(Pairing.REPLIES);
        assertThatIllegalArgumentException().isThrownBy(() -> harness.write(batch("PING", "MONITOR")));
        assertThatIllegalArgumentException().isThrownBy(() -> harness.write(List.of()));
        harness.write(batch("PING"));
        harness.feed("+PONG\r\n");
        assertThat(harness.outcome().messages()).containsExactly(List.of(Reply.PONG));
    }

    @Test
    void a_batch_is_named_by_its_commands() {
        assertThat(RespBatchCodec.name(batch("GET secret"))).isEqualTo("GET");
        assertThat(RespBatchCodec.name(batch("MULTI", "a", "b", "EXEC"))).isEqualTo("MULTI A B EXEC");
        assertThat(RespBatchCodec.name(batch("MULTI", "a", "b", "c", "EXEC"))).isEqualTo("MULTI A B C and 1 more");
        assertThat(RespBatchCodec.name(batch("MULTI", "a", "b", "c", "d", "EXEC")))
                .isEqualTo("MULTI A B C and 2 more");
        assertThat(new RespBatchCodec(RespCodecs.paired(RespOptions.defaults())).sizeEstimate(batch("PING", "PING")))
                .isEqualTo(2 * RespWriter.estimate(Command.of("PING")));
    }

    @Test
    void over_a_loop_a_batch_that_was_given_up_leaves_its_replies_to_nobody() throws IOException {
        try (var loop = Loop.open()) {
            var commands = new ArrayList<String>();
            Listener listener = loop.listen(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            Resp.server(),
                            connection -> connection.onMessage(command -> {
                                commands.add(command.name());
                                if (commands.size() == 5) {
                                    commands.forEach(name -> connection.write(Reply.bulk(name)));
                                }
                            }))
                    .await();
            Client<List<Command>, List<Reply>> client = loop.connect(
                            listener.address(),
                            Resp.batches(Hello.resp2(), RespOptions.defaults().handOut(1)))
                    .await();
            Future<List<Reply>> unwanted = client.call(batch("A", "B", "C"));
            while (commands.size() < 3) {
                loop.delay(Duration.ofMillis(1)).await();
            }
            unwanted.cancel();
            assertThat(client.call(batch("D", "E")).await()).containsExactly(Reply.bulk("D"), Reply.bulk("E"));
        }
    }
}
