package rill.http;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.Promise;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A call: one exchange, or several if redirections are followed or failures are retried.
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
    private @Nullable ClientExchange exchange; // in progress
    private int tries; // attempts for the current request
    private boolean perhapsSent; // by a failed attempt, or by the request that a redirection answered
    private @Nullable Future<?> pause; // before the next attempt
    private boolean over;
    private boolean counted; // by the client

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
        Duration own = request.deadline();
        long nanos = TimeUnit.NANOSECONDS.convert(
                own != null ? own : client.options().deadline()); // which saturates
        return nanos == 0 ? 0 : made + Math.min(nanos, LONGEST_NANOS);
    }

    /** The client takes no more calls. */
    void refuse() {
        promise.fail(HttpClient.failed(Fate.NEVER_SENT, request, "the client is closed", null));
        request.body().close();
    }

    void begin() {
        if (tries++ == 0) {
            client.retries().asked();
        }
        Promise<ClientResponse> step = most == 0 && !client.retries().isOn() ? promise : step();
        var next = new ClientExchange(client, request, step, deadline());
        if (over || promise.isDone()) {
            next.cancel();
            ends();
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

    /** Between its exchanges, it is the call that a finishing client waits for. */
    private void counts() {
        if (!counted) {
            counted = true;
            client.begins();
        }
    }

    private void ends() {
        if (counted) {
            counted = false;
            client.ends();
        }
    }

    private Promise<ClientResponse> step() {
        counts();
        Promise<ClientResponse> step = client.loop().promise(ClientResponse::discard, () -> {});
        step.onDone((response, failure) -> {
            exchange = null;
            if (response != null) {
                answered(response);
            } else {
                failed(Objects.requireNonNull(failure));
            }
        });
        return step;
    }

    private void failed(Throwable failure) {
        if (failure instanceof CallFailedException call) {
            perhapsSent |= call.fate() == Fate.PERHAPS_CARRIED_OUT;
        }
        Duration next = over || client.isClosed() ? null : client.retries().pause(request, failure, tries, left());
        if (next == null) {
            promise.fail(told(failure));
            ends();
        } else {
            pause(next, failure);
        }
    }

    /** If the client or the loop closes during the pause, there is no next attempt. */
    private void pause(Duration time, Throwable failure) {
        Future<@Nullable Void> next = client.loop().delay(time);
        pause = next;
        client.pauses(this, true);
        next.onDone((nothing, cut) -> {
            pause = null;
            client.pauses(this, false);
            if (cut == null) {
                begin();
            } else {
                ends();
            }
        });
        var _ = next.toCompletableFuture().whenComplete((nothing, cut) -> {
            if (cut != null) {
                promise.fail(told(failure));
            }
        });
    }

    /** There is no next attempt. */
    void pauseNoMore() {
        if (pause != null) {
            pause.cancel();
        }
    }

    private Duration left() {
        long deadline = deadline();
        return Duration.ofNanos(
                deadline == 0 ? Long.MAX_VALUE : deadline - client.loop().nanoTime());
    }

    /** The reported fate covers all attempts together, and the requests that were redirected. */
    private Throwable told(Throwable failure) {
        if (!(failure instanceof CallFailedException call)) {
            return failure;
        }
        boolean earlier = perhapsSent && call.fate() == Fate.NEVER_SENT;
        if (tries < 2 && !earlier) {
            return failure;
        }
        String words = String.valueOf(call.getMessage());
        String why = words.substring(0, words.lastIndexOf(" (")) + (tries < 2 ? "" : "; that was try " + tries);
        return earlier
                ? new CallFailedException(Fate.PERHAPS_CARRIED_OUT, why + ", and " + sentEarlier(), call.getCause())
                : new CallFailedException(call.fate(), why, call.getCause());
    }

    private String sentEarlier() {
        return followed == 0 ? "an earlier one was sent" : "an earlier request was answered by a redirection";
    }

    private void answered(ClientResponse response) {
        ClientRequest next = over || followed == most ? null : next(response);
        if (next == null) {
            if (!promise.complete(response)) {
                response.discard();
            }
            ends();
            return;
        }
        response.discard();
        followed++;
        request = next;
        perhapsSent = true; // the first request may have been carried out, whatever becomes of the next one
        tries = 0;
        begin();
    }

    /** The request that a redirection leads to; null if the response is the answer. */
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

    /** The target of a Location; null if no request can be sent there. */
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
        pauseNoMore();
        if (exchange != null) {
            exchange.cancel();
        }
        ends();
    }
}
