package rill.examples.client;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolOptions.WhenDown;
import rill.PoolState;
import rill.codec.Text;

/** A client that stays connected: a pool of connections to a store that speaks in lines, for the guide to pools. */
final class StayingUp {
    private StayingUp() {}

    /** The shortest form: one connection, made again whenever it is lost. */
    static String fiveLines(String host, int port) throws IOException {
        try (var loop = Loop.open()) {
            Pool<String, String> store =
                    loop.pool(host, port, ClientProtocol.inOrder(Text.lines()), PoolOptions.defaults());
            return store.call("get color").await();
        }
    }

    /** What a pool has to know about the protocol. */
    static ClientProtocol<String, String> protocol(String password) {
        return ClientProtocol.inOrder(Text.lines())
                .deadline(Duration.ofSeconds(2))
                .first(client -> client.call("auth " + password).map(StayingUp::requireWelcome))
                .probe(client -> client.call("ping"))
                .idempotent(request -> request.startsWith("get "))
                .naming(request -> request.split(" ", 2)[0]); // shown in messages, so without secrets
    }

    private static String requireWelcome(String answer) throws IOException {
        if (!answer.equals("welcome")) {
            throw new IOException("the store said: " + answer);
        }
        return answer;
    }

    /** How many connections, how long they live, and how the pool is observed. */
    static PoolOptions options(Consumer<String> log) {
        return PoolOptions.defaults()
                .connections(1, 4)
                .connect(ConnectOptions.defaults().timeout(Duration.ofSeconds(1)))
                .idleTime(Duration.ofMinutes(1))
                .maxAge(Duration.ofMinutes(30))
                .probe(Duration.ofSeconds(15), Duration.ofSeconds(1))
                .onState(state -> log.accept(inWords(state)));
    }

    private static String inWords(PoolState state) {
        return switch (state) {
            case PoolState.Idle idle -> "nobody needs a connection";
            case PoolState.Connecting connecting -> "connecting";
            case PoolState.Ready ready -> "in touch";
            case PoolState.Failing failing -> "out of touch: " + failing.why().getMessage();
            case PoolState.Closed closed -> "closed";
        };
    }

    /** Handles a failed call, from the caller's point of view. */
    static String put(Pool<String, String> store, String key, String value) throws IOException {
        try {
            return store.call("put " + key + " " + value).await();
        } catch (CallFailedException failed) {
            return failed.fate() == Fate.NEVER_SENT ? "not done: " + failed.getMessage() : "perhaps done: look first";
        }
    }

    /** Several threads for many callers, without waiting while the store is down. */
    static Pool<String, String> spread(LoopGroup group, SocketAddress address) {
        var options = PoolOptions.defaults().connections(group.loops().size()).whenDown(WhenDown.FAIL);
        return group.pool(address, protocol("secret"), options);
    }

    /** Makes all calls at once, and returns what has become of each: its answer, or why there is none. */
    static List<String> getAll(Pool<String, String> store, List<String> keys) throws IOException {
        var calls = keys.stream()
                .map(key -> store.call("get " + key).recover(IOException.class, why -> "failed: " + why.getMessage()))
                .toList();
        return calls.isEmpty() ? List.of() : Future.all(calls).await(); // all fails with the first that fails
    }
}
