package rill.bench.program;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lettuce's asynchronous commands, as they come, on bytes. */
public final class LettuceRedis implements RedisGets {
    private @Nullable RedisAsyncCommands<byte[], byte[]> commands;

    /** Made by {@link RedisMain}. */
    public LettuceRedis() {}

    @Override
    public void connect(int port, List<String> options) {
        commands = RedisClient.create(RedisURI.create("127.0.0.1", port))
                .connect(ByteArrayCodec.INSTANCE)
                .async();
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
