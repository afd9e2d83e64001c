package rill.bench.program;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's client. It opens as many connections as there are requests in flight. It works on a thread of its own, which also runs the callbacks; or with
 * the option {@code pool} on the common pool, which should have one thread then. The JDK completes the Futures of its client on the common pool whatever
 * the client's executor is, so the former hops between threads, and the latter does not.
 */
public final class JdkHttpClient implements Gets {
    private @Nullable ExecutorService thread; // null: the common pool
    private @Nullable HttpClient client;
    private int port;
    private @Nullable HttpRequest request;

    /** Created by {@link GetsMain}. */
    public JdkHttpClient() {}

    @Override
    public void connect(int port, List<String> options) {
        this.port = port;
        thread = options.contains("pool") ? null : Executors.newSingleThreadExecutor();
        client = HttpClient.newBuilder()
                .executor(executor())
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    private Executor executor() {
        return thread == null ? ForkJoinPool.commonPool() : thread;
    }

    @Override
    public void get(String key, Answer answer) {
        if (client == null) {
            throw new IllegalStateException("not connected");
        }
        if (request == null) { // it is the same each time
            request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + key))
                    .build();
        }
        var answered = client.sendAsync(request, BodyHandlers.ofByteArray());
        if (thread == null) {
            var _ = answered.whenComplete((response, failure) -> done(answer, response, failure));
        } else {
            var _ = answered.whenCompleteAsync((response, failure) -> done(answer, response, failure), thread);
        }
    }

    private static void done(Answer answer, @Nullable HttpResponse<byte[]> response, @Nullable Throwable failure) {
        answer.done(response == null ? -1 : response.body().length, failure);
    }

    @Override
    public void onLoop(Runnable action) {
        executor().execute(action);
    }
}
