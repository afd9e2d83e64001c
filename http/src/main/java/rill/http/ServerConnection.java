package rill.http;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * One connection of a server: requests come in, and wait for their turn to be answered.
 *
 * <pre>
 *            finish()                 the last answer is written
 *  SERVING ───────────▶ FINISHING ──────────────────────────────┐
 *     ├── the last answer of the connection is written ─────────┴──▶ OVER: it closes
 *     ├── 101, or CONNECT was agreed to: OVER, and somebody else's
 *     └── it fails, or an answer can't be written: OVER
 * </pre>
 *
 * Confined to its loop, but for {@link #finish}.
 */
final class ServerConnection {
    private static final ResponseHead CONTINUE = ResponseHead.of(100, HttpFields.none());

    private final HttpServer server;
    private final HttpServerOptions options;
    private final LoopSide side;
    private final Connection<RequestEvent, ResponseEvent> connection;
    private final Loop loop;
    private final Arrived arrived;
    private final Requests requests = new Requests();
    private final Patience patience;
    private final Intake intake;
    private boolean finishing;
    private boolean over;
    private boolean left; // is nobody's here any more
    private boolean blocked; // by a client that does not take what is written

    // The list of LoopSide.
    @Nullable
    ServerConnection previous;

    @Nullable
    ServerConnection next;

    ServerConnection(HttpServer server, LoopSide side, Connection<RequestEvent, ResponseEvent> connection) {
        this.server = server;
        this.options = server.options();
        this.side = side;
        this.connection = connection;
        this.loop = connection.loop();
        this.arrived = new Arrived(connection);
        this.patience = new Patience(side, options.progressBytes());
        this.intake = new Intake(this, server, connection, arrived, requests, patience);
    }

    void begin() {
        side.add(this);
        connection.onFailure(this::failed).onFinishing(this::finishNow).onMessage(intake::received, this::inputEnded);
        connection.closed().onDone((nothing, failure) -> gone());
    }

    Future<@Nullable Void> closed() {
        return connection.closed();
    }

    // ---- what comes in

    /** The peer sends nothing more, and may still take answers. */
    private void inputEnded() {
        finishesThen(requests.isEmpty());
    }

    /** No further request is taken; the last answer ends the connection, or it ends now, if there is nothing more to answer. */
    void finishesThen(boolean now) {
        finishing = true;
        if (now) {
            end();
        }
    }

    /** Whether no further request is answered. */
    boolean takesNoMore() {
        return over || finishing;
    }

    /** Whether the next request has to wait, if it is taken at all. */
    boolean takesNoneNow() {
        return blocked || finishing;
    }

    /** To the client whose turn it is, if its handler wants the body. */
    void sendContinue() {
        Exchange first = requests.first();
        if (first == null || over || !first.continueWanted || first.continueSent) {
            return;
        }
        Answering begun = first.answering;
        if (begun == null || !begun.hasBegun()) {
            first.continueSent = true;
            connection.write(CONTINUE);
            connection.flush().onDone((nothing, failure) -> { // it waits for a client that reads slowly
                first.continueLeft = true;
                patience.bodyMayCome();
            });
        }
    }

    // ---- answers

    void writeAnswers() {
        while (!over && !blocked) {
            Exchange first = requests.first();
            if (first == null || first.answering != null || !first.mayBeAnswered()) {
                break;
            }
            first.answering = new Answering(this, first);
            first.answering.write();
        }
        sendContinue();
        intake.update();
    }

    /** Whether the connection has to end after the answer to this one. */
    boolean endsAfter(Exchange exchange) {
        RequestHead head = exchange.head();
        if (head == null || !head.keepAlive() || exchange.refused != null) {
            return true;
        }
        if (finishing && requests.size() == 1) {
            return true;
        }
        IncomingBody body = exchange.body;
        if (body == null || body.isComplete()) {
            return false;
        }
        return exchange.isHeldBack() || (body.length() >= 0 && body.length() - body.received() > options.drainBytes());
    }

    /** Writes a part of an answer. Above the water mark no other is begun before the client has taken some. */
    Future<@Nullable Void> write(ResponseEvent event) {
        Future<@Nullable Void> written = connection.write(event);
        if (!written.isDone() && !blocked) {
            blocked = true;
            patience.active();
            written.onDone((nothing, failure) -> {
                blocked = false;
                patience.active();
                writeAnswers();
            });
        }
        return written;
    }

    /** The answer to the first one is written. */
    void answered(Exchange exchange, boolean last) {
        requests.removeFirst();
        log(exchange, true);
        patience.active();
        IncomingBody body = exchange.body;
        if (body != null) {
            body.close();
        }
        if (last || (finishing && requests.isEmpty())) {
            end();
        } else {
            intake.answered(exchange);
        }
    }

    /** Another protocol goes on. */
    void becomes(Exchange exchange, HttpResponse response) {
        requests.removeFirst();
        log(exchange, true);
        over = true;
        leave();
        try {
            Objects.requireNonNull(response.next()).accept(connection);
        } catch (Throwable t) {
            report("what follows HTTP on " + connection, t);
            connection.abort();
        }
    }

    /** An answer was begun that can't be ended: nobody is to take it for whole. */
    void broken(Throwable cause) {
        if (!over) {
            over = true;
            report("an answer on " + connection, cause);
            connection.abort();
        }
    }

    /** Nothing more is read or answered; what is written leaves. */
    private void end() {
        if (!over) {
            over = true;
            connection.close();
            dropAll();
        }
    }

    private void dropAll() {
        for (Exchange each = requests.removeFirst(); each != null; each = requests.removeFirst()) {
            log(each, false);
            each.drop();
        }
    }

    void report(String what, Throwable cause) {
        loop.report(what, cause);
    }

    // ---- time

    /** Called now and then. */
    void lookAfter() {
        if (over) {
            return;
        }
        boolean idle = requests.isEmpty() && !intake.isWithinBody();
        if ((idle || blocked) && patience.isIdleTooLong((int) connection.pending())) {
            tooIdle();
        }
        intake.lookAfterBody();
    }

    /** Nothing is to be done, or it waits for the client to take what was written. */
    private void tooIdle() {
        if (blocked) {
            over = true;
            connection.abort();
        } else {
            end();
        }
    }

    // ---- the end

    /** Takes no further request. From any thread. */
    void finish() {
        Hop.run(loop, this::finishNow); // unless that is closed, and so is this
    }

    private void finishNow() {
        finishing = true;
        if (over) {
            return;
        }
        if (requests.isEmpty()) {
            end();
        } else {
            intake.update();
        }
    }

    private void failed(Failure failure) {
        if (left) {
            failure.report(); // another protocol's
            return;
        }
        over = true;
        if (!requests.isEmpty() || !(failure.cause() instanceof IOException)) {
            failure.report();
        }
        Exchange first = requests.first();
        boolean begun = first != null && first.answering != null;
        IOException cause = new IOException("the connection has failed: " + failure.cause(), failure.cause());
        requests.fail(cause);
        if (begun || failure.cause() instanceof IOException) {
            connection.abort(); // nobody is to take that for whole; or there is nobody, and what waits to be read is of
            // no use
        }
    }

    private void gone() {
        over = true;
        leave();
        dropAll();
    }

    private void leave() {
        if (!left) {
            left = true;
            side.remove(this);
            server.gone(this);
        }
    }

    boolean isOver() {
        return over;
    }

    Loop loop() {
        return loop;
    }

    LoopSide side() {
        return side;
    }

    private void log(Exchange exchange, boolean complete) {
        side.accessLog().log(exchange, arrived, complete);
    }
}
