package rill.bench.program;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

/**
 * Jedis, pipelined. It blocks, so its loop is a thread that sends all requested calls, waits for all their answers, and delivers them. Calls and
 * answers therefore alternate. Used from one thread only: call {@link #get} within {@link #onLoop} or a callback.
 */
public final class JedisRedis implements Gets {
    private record Call(String key, Answer answer) {}

    private final LinkedBlockingQueue<Runnable> actions = new LinkedBlockingQueue<>();
    private ArrayDeque<Call> calls = new ArrayDeque<>(); // on the thread
    private @Nullable Thread thread;

    /** Created by {@link GetsMain}. */
    public JedisRedis() {}

    @Override
    public void connect(int port, List<String> options) {
        var jedis = new Jedis("127.0.0.1", port);
        jedis.connect();
        thread = Thread.ofPlatform().name("jedis").daemon().start(() -> run(jedis));
    }

    private void run(Jedis jedis) {
        try (Pipeline pipeline = jedis.pipelined()) {
            while (true) {
                Runnable action = calls.isEmpty() ? actions.take() : actions.poll();
                if (action != null) {
                    action.run();
                }
                exchange(pipeline);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void exchange(Pipeline pipeline) {
        ArrayDeque<Call> batch = calls;
        calls = new ArrayDeque<>(batch.size() + 1);
        List<Response<byte[]>> responses = new ArrayList<>(batch.size());
        for (Call call : batch) {
            responses.add(pipeline.get(call.key.getBytes(US_ASCII)));
        }
        pipeline.sync();
        for (Response<byte[]> response : responses) {
            byte[] value = response.get();
            batch.remove().answer.done(value == null ? -1 : value.length, null);
        }
    }

    @Override
    public void get(String key, Answer answer) {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("Jedis is used by one thread at a time");
        }
        calls.add(new Call(key, answer));
    }

    @Override
    public void onLoop(Runnable action) {
        actions.add(action);
    }
}
