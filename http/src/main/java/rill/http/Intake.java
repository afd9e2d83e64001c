package rill.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Handle;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * Receives the requests of a server's connection, and controls how much is read. On the loop.
 *
 * <pre>
 *  BETWEEN ── a head with a body ──▶ BODY ── its end, or the rest is not wanted ──▶ BETWEEN
 *     └ a head without one; or an invalid request, which is refused in its turn ───────▲
 * </pre>
 */
final class Intake implements IncomingBody.Origin {
    private final ServerConnection owner;
    private final HttpServer server;
    private final HttpServerOptions options;
    private final Requests requests;
    private final Patience patience;
    private final Reading reading;
    private final Arrived arrived;
    private @Nullable Exchange incoming; // whose body has not ended

    Intake(
            ServerConnection owner,
            HttpServer server,
            Connection<?, ?> connection,
            Arrived arrived,
            Requests requests,
            Patience patience) {
        this.owner = owner;
        this.server = server;
        this.options = server.options();
        this.requests = requests;
        this.patience = patience;
        this.reading = new Reading(connection);
        this.arrived = arrived;
    }

    // ---- incoming

    /** What an {@link AnsweringSession} delivers. */
    void received(Object event) {
        patience.active();
        switch (event) {
            case RequestHead head -> begins(head);
            case Data data -> {
                Exchange to = incoming;
                if (to == null || to.body == null) {
                    data.release();
                } else {
                    to.body.arrived(data.bytes());
                    if (data.isLast()) {
                        ended(to, to.body, HttpFields.none());
                    }
                    if (to.body.thrownAway() > options.drainBytes()) {
                        cut(to);
                    }
                }
            }
            case End end -> {
                Exchange to = incoming;
                if (to != null && to.body != null) {
                    ended(to, to.body, end.trailers());
                }
            }
            case Refused refused -> refused(refused);
            default -> throw new IllegalStateException("not a part of a request: " + event);
        }
        update();
    }

    private void begins(RequestHead head) {
        if (owner.takesNoMore()) {
            return; // it was never taken, so the client may send it again elsewhere
        }
        IncomingBody body = head.hasBody() ? new IncomingBody(owner.loop(), this, head) : null;
        var request = new HttpRequest(head, body == null ? HttpBody.empty() : body, arrived);
        var exchange = new Exchange(request, body, owner.side().accessLog().now());
        requests.add(exchange);
        if (body != null) {
            incoming = exchange;
            patience.bodyBegins();
        } else if (exchange.stopsReading()) {
            reading.stopped();
        }
        if (head.expectsUnknown()) {
            exchange.refused = new Refused(417, "expected no other Expect than 100-continue");
        } else {
            ask(exchange, request);
        }
        owner.writeAnswers();
    }

    private void ask(Exchange exchange, HttpRequest request) {
        Future<HttpResponse> promised;
        try {
            promised = Objects.requireNonNull(
                    server.service().answer(request), "it has returned null, where a Future of a response is expected");
        } catch (Throwable t) {
            promised = owner.loop().failed(t);
        }
        Future<HttpResponse> answer = exchange.promised(promised, server.service() instanceof HttpServer.WithTask);
        if (!answer.isDone()) {
            Handle deadline = deadlineOf(exchange);
            BiConsumer<@Nullable HttpResponse, @Nullable Throwable> goOn = (response, failure) -> {
                if (deadline != null) {
                    deadline.cancel();
                }
                owner.writeAnswers();
            };
            Hop.onDone(owner.loop(), answer, goOn, () -> {});
        }
    }

    /** Gives up the handler's Future when its time is up; null if it has as much as it wants. */
    private @Nullable Handle deadlineOf(Exchange exchange) {
        Duration most = server.options().answerDeadline();
        return most.isZero() ? null : owner.loop().schedule(most, "deadline of an answer", exchange::tooLate);
    }

    private void ended(Exchange exchange, IncomingBody body, HttpFields trailers) {
        incoming = null;
        body.ended(trailers);
        if (exchange.stopsReading()) {
            reading.stopped();
            if (!requests.contains(exchange)) {
                goOn();
            }
        }
    }

    /** The handler leaves more unread than is worth reading: the answers already due are the last on this connection. */
    private void cut(Exchange exchange) {
        if (incoming == exchange) {
            incoming = null;
            owner.finishesThen(requests.isEmpty());
        }
    }

    /** The error is answered after the requests before it. */
    private void refused(Refused refused) {
        Exchange within = incoming;
        if (within != null && within.body != null) {
            refuse(within, within.body, refused);
            return;
        }
        if (owner.takesNoMore()) {
            return;
        }
        var exchange = new Exchange(null, null, owner.side().accessLog().now());
        exchange.refused = refused;
        requests.add(exchange);
        owner.writeAnswers();
    }

    private void refuse(Exchange exchange, IncomingBody body, Refused refused) {
        incoming = null;
        exchange.refused = refused;
        body.failed(new IOException("the body of the request can't be read: " + refused.why()));
        owner.finishesThen(!requests.contains(exchange)); // if it was already answered
    }

    /** Whether a body is incomplete. */
    boolean isWithinBody() {
        return incoming != null;
    }

    /** Called periodically. */
    void lookAfterBody() {
        Exchange exchange = incoming;
        IncomingBody body = exchange == null ? null : exchange.body;
        if (exchange == null || body == null) {
            return;
        }
        boolean waits = (body.isAwaited() || body.isClosed()) && !reading.isPaused() && !exchange.mayHoldBack();
        if (patience.isBodyTooSlow(body.received(), waits)) {
            refuse(exchange, body, new Refused(408, "expected the body to come faster"));
        }
    }

    // ---- back-pressure

    void update() {
        if (!owner.isOver()) {
            IncomingBody body = incoming == null ? null : incoming.body;
            reading.hold(body == null ? isBusy() : isAhead(body));
        }
    }

    private boolean isBusy() {
        return requests.size() >= options.pipelined() || owner.takesNoneNow() || isFull();
    }

    private boolean isAhead(IncomingBody body) {
        return !body.isClosed() && !body.isAwaited() && isFull();
    }

    private boolean isFull() {
        return requests.weight() >= options.waitingBytes();
    }

    /** HTTP continues after a request for another protocol. */
    private void goOn() {
        reading.goOn();
        update();
    }

    /** A request was answered. If it could have ended HTTP, it has not. */
    void answered(Exchange exchange) {
        if (reading.isStopped() && exchange.stopsReading() && exchange.isReceived()) {
            goOn();
        }
    }

    @Override
    public void wanted(IncomingBody body) {
        requests.wanted(body);
        owner.sendContinue();
        update();
    }

    @Override
    public void relieved(IncomingBody body) {
        update();
    }
}
