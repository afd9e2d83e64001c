package rill.bench.program;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's client, on the common pool, to which its Futures hop to be completed whatever its executor is: so nothing hops to another thread. The pool
 * has one thread, by {@code -Djava.util.concurrent.ForkJoinPool.common.parallelism=1}. The client opens as many connections as there are requests in
 * flight.
 */
public final class JdkHttpClient implements Gets {
    private final HttpClient client = HttpClient.newBuilder()
            .executor(ForkJoinPool.commonPool())
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private int port;
    private @Nullable HttpRequest request;

    /** Created by {@link GetsMain}. */
    public JdkHttpClient() {}

    @Override
    public void connect(int port, List<String> options) {
        this.port = port;
    }

    @Override
    public void get(String key, Answer answer) {
        if (request == null) { // it is the same each time
            request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + key))
                    .build();
        }
        var _ = client.sendAsync(request, BodyHandlers.ofByteArray())
                .whenComplete(
                        (response, failure) -> answer.done(response == null ? -1 : response.body().length, failure));
    }

    @Override
    public void onLoop(Runnable action) {
        ForkJoinPool.commonPool().execute(action);
    }
}
