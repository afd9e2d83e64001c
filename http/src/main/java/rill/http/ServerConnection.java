package rill.http;

import java.io.IOException;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * One connection of a server: requests are received, and wait for their turn to be answered. Confined to its loop, except for {@link #finish}.
 *
 * <pre>
 *            finish()                 the last answer is written
 *  SERVING ───────────▶ FINISHING ──────────────────────────────┐
 *     ├── the last answer of the connection is written ─────────┴──▶ OVER: it closes
 *     ├── 101, or CONNECT was agreed to: OVER, and handed over
 *     └── it fails, or an answer can't be written: OVER
 * </pre>
 */
final class ServerConnection {
    private static final ResponseHead CONTINUE = ResponseHead.of(100, HttpFields.none());

    private final HttpServer server;
    private final HttpServerOptions options;
    private final LoopSide side;
    private final Connection<Object, ResponseEvent> connection; // receives as AnsweringSession says
    private final Loop loop;
    private final Arrived arrived;
    private final Requests requests = new Requests();
    private final Patience patience;
    private final Intake intake;
    private boolean finishing; // takes no further request
    private boolean goingAway; // since the server or the loop closes
    private boolean over;
    private boolean left; // no longer belongs to this server
    private boolean writing; // answers
    private boolean moreDue; // since that began
    private boolean blocked; // by a client that does not take what is written
    private boolean inputEnded; // the client may have left, or still take answers

    // The list of LoopSide.
    @Nullable
    ServerConnection previous;

    @Nullable
    ServerConnection next;

    ServerConnection(HttpServer server, LoopSide side, Connection<Object, ResponseEvent> connection) {
        this.server = server;
        this.options = server.options();
        this.side = side;
        this.connection = connection;
        this.loop = connection.loop();
        this.arrived = new Arrived(connection);
        this.patience = new Patience(side, options.bodyProgressBytes());
        this.intake = new Intake(this, server, connection, arrived, requests, patience);
    }

    void begin() {
        side.add(this);
        connection.onFailure(this::failed).onFinishing(this::finishNow).onMessage(intake::received, this::inputEnded);
        connection.closed().onDone((nothing, failure) -> gone());
    }

    // ---- incoming

    /** The peer sends nothing more, but may still take answers. */
    private void inputEnded() {
        inputEnded = true;
        patience.active();
        if (options.halfClose() || requests.isEmpty()) {
            finishesThen(requests.isEmpty());
        } else {
            cutOff();
        }
    }

    /** Takes no further request. The connection ends with the last answer, or now if there is nothing to answer. */
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

    /** Sends 100 Continue for the first request, if its handler wants the body. */
    void sendContinue() {
        Exchange first = requests.first();
        if (first == null || over || !first.continueWanted || first.continueSent) {
            return;
        }
        Answering begun = first.answering;
        if (begun == null || !begun.hasBegun()) {
            first.continueSent = true;
            connection.write(CONTINUE);
            connection.flush().onDone((nothing, failure) -> { // a client that reads slowly delays it
                first.continueLeft = true;
                patience.bodyMayCome();
            });
        }
    }

    // ---- answers

    /** Writes the answers that are due. An answer that ends within this call, such as a stream that is already complete, is followed by the next. */
    void writeAnswers() {
        moreDue = true;
        if (writing) {
            return; // the call that is under way goes on with them: calls would nest as deep as requests are pipelined
        }
        writing = true;
        try {
            while (moreDue) {
                moreDue = false;
                writeDueAnswers();
            }
        } finally {
            writing = false;
        }
    }

    private void writeDueAnswers() {
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

    /** Whether the connection has to end after this answer. */
    boolean endsAfter(Exchange exchange) {
        RequestHead head = exchange.head();
        if (head == null || !head.keepAlive() || exchange.refused != null) {
            return true;
        }
        if (exchange.isOf("CONNECT")) {
            return true; // what follows was perhaps sent into the tunnel that is refused
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

    /** Writes a part of an answer. Above the water mark, no other answer is begun before the client has taken some. */
    Future<@Nullable Void> write(ResponseEvent event) {
        Future<@Nullable Void> written = connection.write(event);
        patience.active();
        if (!written.isDone() && !blocked) {
            blocked = true;
            written.onDone((nothing, failure) -> {
                blocked = false;
                patience.active();
                writeAnswers();
            });
        }
        return written;
    }

    /** The answer to the first request is written. */
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

    /** Another protocol takes over. */
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

    /** An answer was begun that can't be completed: nobody may take it for the whole. */
    void broken(Throwable cause) {
        if (!over) {
            over = true;
            report("an answer on " + connection, cause);
            connection.abort();
        }
    }

    /** Reads and answers nothing more; written bytes still leave. */
    private void end() {
        if (!over) {
            over = true;
            connection.close();
            dropAll();
        }
    }

    /** Reads and answers nothing more, and what is written and has not left does not leave. */
    private void cutOff() {
        over = true;
        connection.abort();
    }

    private void dropAll() {
        for (Exchange each = requests.removeFirst(); each != null; each = requests.removeFirst()) {
            log(each, false);
            each.drop();
        }
    }

    /** Makes the answers to errors; null for short texts. */
    @Nullable
    Function<? super HttpError, HttpResponse> errorAnswers() {
        return options.errorAnswers();
    }

    void report(String what, Throwable cause) {
        loop.report(what, cause);
    }

    // ---- time

    /** Called periodically. */
    void lookAfter() {
        if (over) {
            return;
        }
        boolean tooLong = patience.isIdleTooLong((int) connection.pending());
        if (tooLong && (inputEnded || isUnread())) {
            cutOff(); // nobody is there, or nothing is taken
        } else if (tooLong && requests.isEmpty() && !intake.isWithinBody()) {
            end();
        }
        intake.lookAfterBody();
    }

    /** Whether the client has not taken all that was written. */
    private boolean isUnread() {
        return blocked || connection.pending() > 0;
    }

    // ---- the end

    /** Takes no further request. From any thread. */
    void finish() {
        Hop.run(loop, this::finishNow); // a closed loop has closed this connection
    }

    private void finishNow() {
        finishing = true;
        goingAway = true;
        if (over) {
            return;
        }
        Exchange first = requests.first();
        if (first == null) {
            end();
            return;
        }
        if (first.answering != null) {
            first.answering.finishing();
        }
        intake.update();
    }

    /** Whether the server or the loop closes. */
    boolean isGoingAway() {
        return goingAway;
    }

    private void failed(Failure failure) {
        if (left) {
            failure.report(); // belongs to another protocol
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
            connection.abort(); // that is not the whole answer; or the client is gone, and unread input is useless
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
