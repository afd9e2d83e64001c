package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

/** Rill's client, untuned. */
public final class RillRedis implements RedisGets {
    private @Nullable Loop loop;
    private @Nullable Client<Command, Reply> client;

    /** Made by {@link RedisMain}. */
    public RillRedis() {}

    @Override
    public void connect(int port, List<String> options) throws Exception {
        loop = RillLoop.open();
        client = loop.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), Resp.client())
                .await();
        loop.start();
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

    private Client<Command, Reply> connected() {
        if (client == null) {
            throw new IllegalStateException("not connected");
        }
        return client;
    }

    @Override
    public void onLoop(Runnable action) {
        connected().loop().execute(action);
    }
}
