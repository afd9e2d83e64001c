package rill.http.storm;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.CancelledException;
import rill.Future;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;

/**
 * The HTTP client with its pool: bodies of every form both ways, read in full, by pieces, slowly, in part or not at all, and calls that are given up.
 */
final class PoolingActor extends Actor {
    private HttpClient client;
    private int left;
    private int open;

    PoolingActor(HttpStorm storm, Loop loop, long seed) {
        super(storm, loop, seed);
        left = 1 + random.nextInt(15);
    }

    @Override
    void begin() {
        client = HttpClient.on(
                loop,
                HttpClientOptions.defaults()
                        .connections(1 + random.nextInt(3))
                        .idleTime(Duration.ofMillis(1 + random.nextInt(5_000))));
        for (int i = random.nextInt(4); i >= 0; i--) {
            next();
        }
    }

    private void next() {
        if (left == 0) {
            if (open == 0) {
                client.close();
                over = true;
            }
            return;
        }
        left--;
        open++;
        if (random.nextInt(3) == 0) {
            later(30, this::ask);
        } else {
            ask();
        }
    }

    private void ended() {
        open--;
        guarded(this::next);
    }

    private void ask() {
        char kind = Asked.KINDS.charAt(random.nextInt(Asked.KINDS.length()));
        int number = random.nextInt(1000);
        boolean sends = Asked.sends(kind);
        boolean head = !sends && random.nextInt(5) == 0;
        var asked = new Asked(kind, number, sends ? text(number) : "", head);
        ClientRequest request = ClientRequest.of(
                head ? "HEAD" : sends ? "POST" : "GET", URI.create(storm.uri("http") + asked.target()));
        if (sends) {
            HttpBody body = random.nextBoolean() ? HttpBody.of(asked.body()) : streamed(asked.body());
            request = request.body(body);
            if (kind == 'x') {
                request = request.expectContinue(Duration.ofMillis(1 + random.nextInt(100)));
            }
        }
        Future<ClientResponse> call = client.send(request);
        boolean[] givenUp = {false};
        call.onDone((response, failure) -> guarded(() -> {
            if (response != null) {
                int status = asked.refused() ? 413 : 200;
                require(response.status() == status, asked + " was answered " + response);
                read(asked, response);
            } else {
                failed(asked, failure, givenUp[0]);
                ended();
            }
        }));
        if (random.nextInt(15) == 0) {
            later(40, () -> {
                givenUp[0] = true;
                call.cancel();
            });
        }
    }

    private HttpBody streamed(String text) {
        int[] at = {0};
        return HttpBody.stream(() -> {
            if (at[0] == text.length()) {
                return Future.of(null);
            }
            int to = Math.min(text.length(), at[0] + 1 + random.nextInt(10_000));
            ByteBuf piece = bytes(text.substring(at[0], to));
            at[0] = to;
            return random.nextInt(3) > 0
                    ? Future.of(piece)
                    : loop.delay(Duration.ofMillis(random.nextInt(20))).<@Nullable ByteBuf>map(nothing -> piece);
        });
    }

    private void read(Asked asked, ClientResponse response) {
        switch (random.nextInt(8)) {
            case 0 -> {
                response.discard();
                ended();
            }
            case 1 -> {
                response.close();
                ended();
            }
            case 2, 3 -> pieces(asked, response, new StringBuilder());
            default ->
                response.text()
                        .onDone((text, failure) -> guarded(() -> {
                            if (text != null) {
                                whole(asked, text);
                            } else {
                                failed(asked, failure, false);
                            }
                            ended();
                        }));
        }
    }

    private void pieces(Asked asked, ClientResponse response, StringBuilder text) {
        response.next()
                .onDone((piece, failure) -> guarded(() -> {
                    if (failure != null) {
                        failed(asked, failure, false);
                        ended();
                    } else if (piece == null) {
                        whole(asked, text.toString());
                        ended();
                    } else {
                        text.append(piece.toString(StandardCharsets.ISO_8859_1));
                        piece.release();
                        if (random.nextInt(20) == 0) {
                            response.close();
                            ended();
                        } else if (random.nextInt(4) == 0) {
                            later(100, () -> pieces(asked, response, text));
                        } else {
                            pieces(asked, response, text);
                        }
                    }
                }));
    }

    private void whole(Asked asked, String text) {
        require(!asked.broken(), "an answer that could not be completed came whole: " + asked);
        require(text.equals(asked.expected()), asked + " was answered " + text);
        answered++;
    }

    /** Every failure has a type and a reason. On a good network, the only reasons are those that the storm has made. */
    private void failed(Asked asked, @Nullable Throwable failure, boolean givenUp) {
        if (failure instanceof CancelledException) {
            require(givenUp, asked + " was given up by nobody");
            return;
        }
        require(failure instanceof IOException, asked + " failed: " + failure);
        if (!asked.broken()) {
            found(failure);
        }
    }
}
