package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.Task;
import rill.codec.Text;

/**
 * Two hosts are queried side by side and their answers added. Each load is straight-line code in a Task; both, and the hosts as well, run on one
 * thread.
 */
final class TwoLoads {
    private static final Duration QUICK = Duration.ofMillis(200);
    private static final Duration SLOW = Duration.ofMillis(300);

    private TwoLoads() {}

    static void run(PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            SocketAddress hostA = host(loop, 20, QUICK);
            SocketAddress hostB = host(loop, 22, SLOW);
            loop.run(() -> load(loop, host(loop, 0, Duration.ZERO))); // so that class loading is not measured
            long start = loop.nanoTime();

            // README: tasks begin
            int sum = loop.run(() -> {
                Task<Integer> x = loop.task("load from A", () -> load(loop, hostA)); // two Tasks, side by side,
                Task<Integer> y = loop.task("load from B", () -> load(loop, hostB)); // on one thread
                List<Integer> both = Future.all(x, y).await(); // if one fails, the other is given up
                return both.get(0) + both.get(1);
            });
            // README: tasks end

            Expect.equal("the sum", 42, sum);
            out.printf(
                    "A answers after %d ms, B after %d ms; the sum, %d, was there after %d ms%n",
                    QUICK.toMillis(),
                    SLOW.toMillis(),
                    sum,
                    Duration.ofNanos(loop.nanoTime() - start).toMillis());
        }
    }

    private static int load(Loop loop, SocketAddress host) throws IOException {
        try (Client<String, String> client =
                loop.connect(host, ClientProtocol.inOrder(Text.lines())).await()) {
            return Integer.parseInt(client.call("how many?").await());
        }
    }

    /** Starts a server that answers after {@code delay}. */
    private static SocketAddress host(Loop loop, int number, Duration delay) throws IOException {
        return loop.serve(
                        Loopback.ANY_PORT,
                        Text.lines(),
                        question -> loop.delay(delay).map(nothing -> Integer.toString(number)))
                .await()
                .address();
    }
}
