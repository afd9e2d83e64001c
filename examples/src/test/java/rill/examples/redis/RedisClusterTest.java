package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.RespException;
import rill.examples.LocalRedis;
import rill.testkit.Leaks;

/** The client with a cluster of two real nodes, between which slots move. */
@Tag("slow")
@ExtendWith(Leaks.class)
class RedisClusterTest {
    private static LocalRedis node(int number) throws IOException {
        return new LocalRedis(
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes-" + number + ".conf",
                "--cluster-require-full-coverage",
                "no");
    }

    private static Reply ask(RedisClient client, String... command) throws IOException {
        return client.call(Command.of(command)).await();
    }

    private static String port(LocalRedis node) {
        return String.valueOf(((InetSocketAddress) node.address()).getPort());
    }

    private static boolean isWhole(String info) {
        return info.contains("cluster_slots_ok:16384") && info.contains("cluster_state:ok");
    }

    @Test
    void keys_are_found_wherever_they_are_and_while_they_move() throws Exception {
        try (var one = node(1);
                var two = node(2);
                var loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO));
                var first =
                        RedisClient.connect(loop, one.address(), Hello.resp3()).await();
                var second =
                        RedisClient.connect(loop, two.address(), Hello.resp3()).await()) {
            ask(first, "CLUSTER", "ADDSLOTSRANGE", "0", "9999");
            ask(second, "CLUSTER", "ADDSLOTSRANGE", "10000", "16383");
            ask(first, "CLUSTER", "MEET", "127.0.0.1", port(two));
            for (RedisClient each : List.of(first, second)) {
                while (!isWhole(Reply.text(ask(each, "CLUSTER", "INFO")))) {
                    loop.delay(Duration.ofMillis(10)).await();
                }
            }
            // foo is in slot 12182, at the second node
            first.set("foo", "1").await();
            assertThat(first.get("foo").await()).isEqualTo("1");
            assertThat(first.increment("{foo}n").await()).isEqualTo(1);
            List<Reply> together = first.transaction(Command.of("INCR", "{foo}n"), Command.of("GET", "foo"))
                    .await();
            assertThat(together).containsExactly(Reply.of(2), Reply.bulk("1"));
            assertThatThrownBy(
                            () -> first.call(Command.of("MGET", "foo", "bar")).await())
                    .isInstanceOf(RespException.class)
                    .hasMessageStartingWith("CROSSSLOT")
                    .hasMessageContaining("{tag}");

            String firstId = Reply.text(ask(first, "CLUSTER", "MYID"));
            String secondId = Reply.text(ask(second, "CLUSTER", "MYID"));
            ask(first, "CLUSTER", "SETSLOT", "12182", "IMPORTING", secondId);
            ask(second, "CLUSTER", "SETSLOT", "12182", "MIGRATING", firstId);
            ask(second, "MIGRATE", "127.0.0.1", port(one), "foo", "0", "5000");
            assertThat(second.get("foo").await()).as("asked for at the first").isEqualTo("1");
            assertThat(second.get("{foo}n").await()).as("still at the second").isEqualTo("2");
            second.set("{foo}new", "3").await();
            List<Reply> fresh = second.transaction(Command.of("INCR", "{foo}a"), Command.of("INCR", "{foo}a"))
                    .await();
            assertThat(fresh).as("by ASKING, MULTI").containsExactly(Reply.of(1), Reply.of(2));
            assertThatThrownBy(() -> second.transaction(Command.of("INCR", "{foo}a"), Command.of("INCR", "{foo}n"))
                            .await())
                    .as("one is here, the other there")
                    .isInstanceOfSatisfying(
                            RespException.class,
                            failed -> assertThat(failed.code()).isEqualTo("TRYAGAIN"));
            Future<List<Reply>> split = second.transaction(Command.of("INCR", "{foo}a"), Command.of("INCR", "{foo}n"));
            ask(second, "MIGRATE", "127.0.0.1", port(one), "{foo}n", "0", "5000");
            assertThat(split.await()).as("together").containsExactly(Reply.of(3), Reply.of(3));
            ask(first, "CLUSTER", "SETSLOT", "12182", "NODE", firstId);
            assertThat(second.get("{foo}new").await()).isEqualTo("3");
            ask(second, "CLUSTER", "SETSLOT", "12182", "NODE", firstId);
            assertThat(second.get("{foo}n").await()).as("moved for good").isEqualTo("3");
            first.set("key", "of slot 12539, at the second").await();
            List<String> found = new ArrayList<>();
            first.scan("*").forEach(found::add).await();
            assertThat(found).containsExactlyInAnyOrder("foo", "{foo}n", "{foo}new", "{foo}a", "key");
        }
    }
}
