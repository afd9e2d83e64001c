package rill.bench.program;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** The JDK's client, with one thread for callbacks. It opens as many connections as there are requests in flight. */
public final class JdkHttpClient implements Gets {
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final HttpClient client = HttpClient.newBuilder()
            .executor(thread)
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
                .whenCompleteAsync(
                        (response, failure) -> answer.done(response == null ? -1 : response.body().length, failure),
                        thread);
    }

    @Override
    public void onLoop(Runnable action) {
        thread.execute(action);
    }
}
