package rill.http;

import java.net.URI;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;
import rill.Promise;
import rill.http.wire.HttpFields;

/**
 * A call: one exchange, or several if redirections are followed.
 *
 * <p><b>Source:</b> RFC 9110, section 15.4.
 */
final class Following {
    private static final String[] CREDENTIALS = {"authorization", "cookie", "proxy-authorization"};

    private final HttpClient client;
    private final Promise<ClientResponse> promise;
    private final int most;
    private final long made;
    private ClientRequest request;
    private int followed;
    private @Nullable ClientExchange exchange; // under way
    private boolean over;

    Following(HttpClient client, ClientRequest request, int most) {
        this.client = client;
        this.request = request;
        this.most = most;
        this.made = client.loop().nanoTime();
        this.promise = client.loop().promise(ClientResponse::discard, this::cancelled);
    }

    Promise<ClientResponse> promise() {
        return promise;
    }

    private long deadline() {
        var whole = request.whole() != null ? request.whole() : client.options().is.whole;
        return whole.isZero() ? 0 : made + whole.toNanos();
    }

    void begin() {
        if (most == 0) {
            exchange = promise.isDone() ? null : client.begin(request, promise, deadline());
        } else if (!over) {
            Promise<ClientResponse> step = client.loop().promise(ClientResponse::discard, () -> {});
            step.onDone((response, failure) -> {
                exchange = null;
                if (response != null) {
                    answered(response);
                } else {
                    promise.fail(Objects.requireNonNull(failure));
                }
            });
            exchange = client.begin(request, step, deadline());
        }
    }

    private void answered(ClientResponse response) {
        ClientRequest next = over ? null : next(response);
        if (next == null) {
            if (!promise.complete(response)) {
                response.discard();
            }
            return;
        }
        response.discard();
        if (++followed > most) {
            fail(HttpClient.failed(
                    Fate.PERHAPS_CARRIED_OUT,
                    request,
                    "more than " + most + " redirections; the last was to " + next,
                    null));
            return;
        }
        request = next;
        begin();
    }

    /** What to ask for instead; null if that is the answer. */
    private @Nullable ClientRequest next(ClientResponse response) {
        String location = response.fields().get("location");
        boolean redirects = switch (response.status()) {
            case 301, 302, 303, 307, 308 -> location != null;
            default -> false;
        };
        if (!redirects) {
            return null;
        }
        URI to = resolved(Objects.requireNonNull(location));
        if (to == null) {
            return null;
        }
        ClientRequest next = withMethod(response.status());
        if (next == null) {
            return null;
        }
        Origin from = Origin.of(request.uri());
        Origin there = Origin.of(to);
        if (from.secure() && !there.secure()) {
            return null;
        }
        return from.equals(there) ? next.at(to) : withoutCredentials(next).at(to);
    }

    private @Nullable URI resolved(String location) {
        try {
            URI to = request.uri().resolve(location);
            Origin.of(to);
            return to;
        } catch (IllegalArgumentException e) {
            return null; // nothing that can be followed
        }
    }

    /** Null if its body can't be sent again. */
    private @Nullable ClientRequest withMethod(int status) {
        boolean head = request.method().equals("HEAD");
        boolean becomesGet =
                status == 303 ? !head : status < 303 && request.method().equals("POST");
        if (becomesGet) {
            return request.without(true, "GET");
        }
        return request.isRepeatable() ? request : null;
    }

    private static ClientRequest withoutCredentials(ClientRequest request) {
        HttpFields fields = request.fields();
        for (String each : CREDENTIALS) {
            fields = fields.without(each);
        }
        return request.fields(fields);
    }

    void fail(Throwable why) {
        over = true;
        promise.fail(why);
    }

    private void cancelled() {
        over = true;
        if (exchange != null) {
            exchange.cancel();
        }
    }
}
