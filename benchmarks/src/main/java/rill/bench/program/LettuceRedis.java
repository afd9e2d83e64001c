package rill.bench.program;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.handler.flush.FlushConsolidationHandler;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lettuce's asynchronous commands on bytes, in the default configuration, or with consolidated flushes: the option says by how many. */
public final class LettuceRedis implements Gets {
    private @Nullable RedisAsyncCommands<byte[], byte[]> commands;

    /** Created by {@link GetsMain}. */
    public LettuceRedis() {}

    @Override
    public void connect(int port, List<String> options) {
        commands = RedisClient.create(resources(options), RedisURI.create("127.0.0.1", port))
                .connect(ByteArrayCodec.INSTANCE)
                .async();
    }

    private static ClientResources resources(List<String> options) {
        if (options.isEmpty()) {
            return ClientResources.create();
        }
        int flushes = Integer.parseInt(options.getFirst());
        return ClientResources.builder()
                .nettyCustomizer(new NettyCustomizer() {
                    @Override
                    public void afterChannelInitialized(Channel channel) {
                        channel.pipeline().addFirst(new FlushConsolidationHandler(flushes, true));
                    }
                })
                .build();
    }

    private RedisAsyncCommands<byte[], byte[]> connected() {
        if (commands == null) {
            throw new IllegalStateException("not connected");
        }
        return commands;
    }

    @Override
    public void get(String key, Answer answer) {
        var _ = connected()
                .get(key.getBytes(US_ASCII))
                .whenComplete((bytes, failure) -> answer.done(bytes == null ? -1 : bytes.length, failure));
    }

    @Override
    public void onLoop(Runnable action) {
        var _ = connected().ping().thenRun(action); // its callbacks run on its event loop
    }
}
