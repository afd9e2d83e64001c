package rill.http;

import java.net.URI;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.Promise;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A call: one exchange, or several if redirections are followed.
 *
 * <p><b>Source:</b> RFC 9110, section 15.4.
 */
final class Following {
    private static final long LONGEST_NANOS = Long.MAX_VALUE >> 2;

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
        long nanos = TimeUnit.NANOSECONDS.convert(whole); // which saturates
        return nanos == 0 ? 0 : made + Math.min(nanos, LONGEST_NANOS);
    }

    void begin() {
        Promise<ClientResponse> step = most == 0 ? promise : step();
        var next = new ClientExchange(client, request, step, deadline());
        if (over || promise.isDone()) {
            next.cancel();
            return;
        }
        exchange = next;
        try {
            next.begin();
        } catch (RuntimeException e) {
            next.cancel();
            step.fail(e);
        }
    }

    private Promise<ClientResponse> step() {
        Promise<ClientResponse> step = client.loop().promise(ClientResponse::discard, () -> {});
        step.onDone((response, failure) -> {
            exchange = null;
            if (response != null) {
                answered(response);
            } else {
                promise.fail(Objects.requireNonNull(failure));
            }
        });
        return step;
    }

    private void answered(ClientResponse response) {
        ClientRequest next = over || followed == most ? null : next(response);
        if (next == null) {
            if (!promise.complete(response)) {
                response.discard();
            }
            return;
        }
        response.discard();
        followed++;
        request = next;
        begin();
    }

    /** What to ask for instead; null if that is the answer. */
    private @Nullable ClientRequest next(ClientResponse response) {
        String location = response.head().fields().get("location");
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
        return from.equals(there) ? next.at(to) : next.atStrangers(to);
    }

    /** Where that is; null if no request can be sent there. */
    private @Nullable URI resolved(String location) {
        try {
            Reference base = Reference.of(request.base()).fragment(request.uri().getRawFragment());
            URI to = URI.create(base.location(location).toString());
            ClientRequest there = request.at(to);
            RequestHead.of(
                    "GET", there.target(), HttpFields.of("Host", Origin.of(to).authority()));
            return to;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Null if its body can't be sent again. */
    private @Nullable ClientRequest withMethod(int status) {
        boolean head = request.method().equals("HEAD");
        boolean becomesGet =
                status == 303 ? !head : status < 303 && request.method().equals("POST");
        if (becomesGet) {
            return request.asGet();
        }
        return request.isRepeatable() ? request : null;
    }

    private void cancelled() {
        over = true;
        if (exchange != null) {
            exchange.cancel();
        }
    }
}
