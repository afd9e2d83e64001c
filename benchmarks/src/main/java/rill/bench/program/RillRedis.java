package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Caller;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolState;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

/** Rill's client, untuned; with a number, a pool of that many connections. */
public final class RillRedis implements Gets {
    private @Nullable Loop loop;
    private @Nullable Caller<Command, Reply> client;

    /** Created by {@link GetsMain}. */
    public RillRedis() {}

    @Override
    public void connect(int port, List<String> options) throws Exception {
        var address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
        loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        client = options.isEmpty()
                ? loop.connect(address, Resp.client()).await()
                : pool(loop, address, Integer.parseInt(options.getFirst()));
    }

    private static Caller<Command, Reply> pool(Loop loop, InetSocketAddress address, int connections) throws Exception {
        Pool<Command, Reply> pool =
                loop.pool(address, Resp.client(), PoolOptions.defaults().connections(connections));
        loop.task("a wait for the pool", () -> {
                    while (!pool.state().equals(new PoolState.Ready(connections))) {
                        loop.delay(Duration.ofMillis(1)).await();
                    }
                })
                .await();
        return pool;
    }

    @Override
    public void get(String key, Answer answer) {
        connected().call(Command.of("GET", key)).onDone((reply, failure) -> {
            if (reply instanceof Reply.Bulk bulk) {
                answer.done(bulk.length(), null);
            } else {
                answer.done(-1, failure);
            }
        });
    }

    private Caller<Command, Reply> connected() {
        if (client == null) {
            throw new IllegalStateException("not connected");
        }
        return client;
    }

    @Override
    public void onLoop(Runnable action) {
        if (loop == null) {
            throw new IllegalStateException("not connected");
        }
        loop.execute(action);
    }
}
