package rill.examples.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.LoopGroup;
import rill.Pool;
import rill.PoolState;
import rill.codec.Text;
import rill.testkit.Leaks;

/** The guide to pools: its code, and that the code behaves as the guide says. */
@ExtendWith(Leaks.class)
class StayingUpTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    private final List<Connection<String, String>> visits = new CopyOnWriteArrayList<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private Loop server;
    private Listener listener;

    @BeforeEach
    void serve() throws IOException {
        server = Loop.open().start();
        listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private void listen(InetSocketAddress address) throws IOException {
        listener = server.listen(address, Text.lines(), visit -> {
                    visits.add(visit);
                    visit.onFailure(failure -> {}).onMessage(line -> answer(visit, line), visit::close);
                })
                .await();
    }

    private void answer(Connection<String, String> visit, String line) {
        asked.add(line);
        if (line.startsWith("auth ")) {
            visit.write("welcome");
        } else if (line.equals("get gone")) {
            visit.close();
        } else if (line.startsWith("get ")) {
            visit.write("value of " + line.substring(4));
        } else if (line.startsWith("put poison")) {
            visit.abort();
        } else {
            visit.write("ok");
        }
    }

    private InetSocketAddress address() {
        return (InetSocketAddress) listener.address();
    }

    private void goDown() throws IOException {
        listener.close();
        server.submit(() -> visits.forEach(Connection::abort)).await();
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void five_lines_are_enough() throws IOException {
        assertThat(StayingUp.fiveLines("127.0.0.1", address().getPort())).isEqualTo("value of color");
    }

    @Test
    void the_store_may_go_down_and_come_back() throws IOException {
        try (var loop = Loop.open()) {
            Pool<String, String> store =
                    loop.pool(address(), StayingUp.protocol("secret"), StayingUp.options(log::add));
            assertThat(StayingUp.put(store, "a", "1")).isEqualTo("ok");
            InetSocketAddress address = address();
            goDown();
            var waits = store.call("get a", Duration.ofSeconds(30));
            until(loop, () -> store.state() instanceof PoolState.Failing);
            listen(address);
            assertThat(waits.await()).isEqualTo("value of a");
            until(loop, () -> log.size() == 3); // it is logged in a Handle, and the answer may be quicker
            assertThat(log.getFirst()).isEqualTo("in touch");
            assertThat(log.get(1)).startsWith("out of touch: ");
            assertThat(log.get(2)).isEqualTo("in touch");
            assertThat(asked).startsWith("auth secret", "put a 1", "auth secret");
            store.finish().await();
        }
        assertThat(log.getLast()).isEqualTo("closed");
    }

    private static void until(Loop loop, BooleanSupplier condition) throws IOException {
        loop.run(() -> {
            while (!condition.getAsBoolean()) {
                loop.delay(Duration.ofMillis(1)).await();
            }
        });
    }

    @Test
    void a_failed_call_says_whether_it_may_be_made_again() throws IOException {
        try (var loop = Loop.open()) {
            Pool<String, String> store =
                    loop.pool(address(), StayingUp.protocol("secret"), StayingUp.options(log::add));
            assertThat(StayingUp.put(store, "poison", "1")).isEqualTo("perhaps done: look first");
            assertThat(asked).containsOnlyOnce("put poison 1");
            store.close();
            assertThat(StayingUp.put(store, "a", "1")).startsWith("not done: call of put: pool to");
        }
    }

    @Test
    void several_loops_share_the_calls() throws IOException {
        try (LoopGroup group = LoopGroup.open(2, rill.LoopOptions.defaults())) {
            Pool<String, String> store = StayingUp.spread(group, address());
            long start = System.nanoTime();
            while (!store.state().equals(new PoolState.Ready(2)) && System.nanoTime() - start < 20_000_000_000L) {
                Thread.onSpinWait();
            }
            var keys = new ArrayList<String>();
            for (int i = 0; i < 100; i++) {
                keys.add("k" + i);
            }
            assertThat(StayingUp.getAll(store, keys))
                    .hasSize(100)
                    .startsWith("value of k0")
                    .endsWith("value of k99");
            store.finish().await();
        }
        assertThat(asked.stream().filter("auth secret"::equals)).hasSize(2);
    }

    @Test
    void one_call_of_many_that_fails_leaves_the_others_their_answers() throws IOException {
        try (var loop = Loop.open()) {
            Pool<String, String> store =
                    loop.pool(address(), StayingUp.protocol("secret"), StayingUp.options(log::add));
            List<String> answers = StayingUp.getAll(store, List.of("a", "b", "gone"));
            assertThat(answers).hasSize(3).startsWith("value of a", "value of b");
            assertThat(answers.getLast()).startsWith("failed: call of get");
            assertThat(StayingUp.getAll(store, List.of())).isEmpty();
            store.finish().await();
        }
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_example() throws IOException {
        String source = Files.readString(Path.of("src/main/java/rill/examples/client/StayingUp.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/pools.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(5).allSatisfy(block -> assertThat(source).contains(block));
    }
}
