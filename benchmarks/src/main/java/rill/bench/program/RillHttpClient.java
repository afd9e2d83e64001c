package rill.bench.program;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.http.ClientResponse;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;

/** Rill's HTTP client in its default configuration, except for the number of connections, which is the first option. */
public final class RillHttpClient implements Gets {
    private @Nullable Loop loop;
    private @Nullable HttpClient client;
    private int port;
    private @Nullable URI uri;

    /** Created by {@link GetsMain}. */
    public RillHttpClient() {}

    @Override
    public void connect(int port, List<String> options) throws Exception {
        this.port = port;
        loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        client = HttpClient.on(loop, HttpClientOptions.defaults().connections(Integer.parseInt(options.getFirst())));
    }

    @Override
    public void get(String key, Answer answer) {
        HttpClient connected = client;
        if (connected == null) {
            throw new IllegalStateException("not connected");
        }
        if (uri == null) { // it is the same each time
            uri = URI.create("http://127.0.0.1:" + port + key);
        }
        connected
                .get(uri)
                .flatMap(ClientResponse::bytes)
                .onDone((bytes, failure) -> answer.done(bytes == null ? -1 : bytes.length, failure));
    }

    @Override
    public void onLoop(Runnable action) {
        if (loop == null) {
            throw new IllegalStateException("not connected");
        }
        loop.execute(action);
    }
}
