package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.tls.TlsClient;

/** A Redis client: a few calls one by one, and then a hundred thousand in flight at once. */
final class Redis {
    private static final int GETS = 100_000;
    private static final String KEY = "rill:demo";
    private static final Reply VALUE = Reply.bulk("some value");

    private Redis() {}

    /** Talks to the server at this address or, if it is null, to its own; over TLS if {@code tls} is not null. */
    static void run(PrintWriter out, @Nullable InetSocketAddress address, @Nullable TlsClient tls) throws IOException {
        ClientProtocol<Command, Reply> protocol =
                tls == null ? Resp.client() : Resp.client().over(tls);
        if (address != null) {
            out.println("talking to " + address.getHostString() + ":" + address.getPort()
                    + (tls == null ? "" : " over TLS"));
            talk(out, address, protocol);
            return;
        }
        try (var serverLoop = Loop.open().start()) { // on its own thread, as a real server would be
            talk(out, MemoryRedis.serve(serverLoop, Loopback.ANY_PORT).await().address(), protocol);
        }
    }

    private static void talk(PrintWriter out, SocketAddress address, ClientProtocol<Command, Reply> protocol)
            throws IOException {
        Expect.equal("GET", VALUE, setAndGet(address, protocol));
        out.println("SET and GET answered as they should");
        try (var loop = Loop.open()) {
            Duration took = loop.run(() -> pipeline(out, loop, address, protocol));
            long rate = (long) (GETS / (took.toNanos() / 1e9));
            out.println(count(GETS) + " pipelined GETs in " + took.toMillis() + " ms: " + count(rate)
                    + " calls per second");
        }
    }

    // README: client begin
    private static Reply setAndGet(SocketAddress address, ClientProtocol<Command, Reply> protocol) throws IOException {
        try (var loop = Loop.open()) {
            // The protocol is Resp.client() or, over TLS, Resp.client().over(Tls.client()).
            Client<Command, Reply> redis = loop.connect(address, protocol).await();
            Future<Reply> set = redis.call(Command.of("SET", "rill:demo", "some value"));
            Future<Reply> get = redis.call(Command.of("GET", "rill:demo")); // both are sent together
            set.await().orThrow(); // an answer such as -ERR becomes an exception
            return get.await().orThrow();
        }
    }
    // README: client end

    private static Duration pipeline(
            PrintWriter out, Loop loop, SocketAddress address, ClientProtocol<Command, Reply> protocol)
            throws IOException {
        // Allows this many calls to wait for their turn.
        Client<Command, Reply> redis =
                loop.connect(address, protocol.waiting(GETS)).await();
        Expect.equal("PING", Reply.PONG, redis.call(Command.of("PING")).await());

        Command get = Command.of("GET", KEY);
        List<Future<Reply>> calls = new ArrayList<>(GETS);
        long start = loop.nanoTime();
        for (int i = 0; i < GETS; i++) {
            calls.add(redis.call(get));
        }
        var progress = new Progress(loop, out, () -> count(GETS - redis.unanswered()) + " GETs answered");
        List<Reply> replies = Future.all(calls).await();
        Duration took = Duration.ofNanos(loop.nanoTime() - start);
        progress.stop();

        for (Reply reply : replies) {
            Expect.equal("a pipelined GET", VALUE, reply);
        }
        redis.call(Command.of("DEL", KEY)).await().orThrow();
        redis.close();
        redis.closed().await();
        return took;
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
