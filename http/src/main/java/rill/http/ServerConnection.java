package rill.http;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Loop;
import rill.codec.proxy.ProxyInfo;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.HttpFields;
import rill.http.wire.Refused;
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
final class ServerConnection implements IncomingBody.Origin, HttpRequest.Arrival {
    private static final ResponseHead CONTINUE = ResponseHead.of(100, HttpFields.none());

    private final HttpServer server;
    private final HttpServerOptions options;
    private final LoopSide side;
    private final Connection<RequestEvent, ResponseEvent> connection;
    private final Loop loop;
    private final ArrayDeque<Exchange> exchanges = new ArrayDeque<>(2);
    private int bodies; // of these
    private @Nullable Exchange incoming; // whose body has not come to its end
    private boolean paused;
    private boolean stopped; // by the session, after a request that may end HTTP here
    private boolean finishing;
    private boolean over;
    private boolean left; // is nobody's here any more
    private boolean blocked; // by a client that does not take what is written
    private int leftBefore; // to be taken by the client, when it was looked at last
    private int activeAt; // when there was something to do last: see LoopSide.look
    private int windowAt; // when the progress of the body was looked at last
    private long windowReceived;

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
        activeAt = side.look();
    }

    void begin() {
        side.add(this);
        connection.onFailure(this::failed).onFinishing(this::finishNow).onMessage(this::received, this::inputEnded);
        connection.closed().onDone((nothing, failure) -> gone());
    }

    Future<@Nullable Void> closed() {
        return connection.closed();
    }

    // ---- what comes in

    private void received(RequestEvent event) {
        activeAt = side.look();
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
        }
        updateReading();
    }

    private void begins(RequestHead head) {
        if (over || finishing) {
            return; // it was never taken, so its client may ask again elsewhere
        }
        IncomingBody body = head.hasBody() ? new IncomingBody(loop, this, head) : null;
        var request = new HttpRequest(head, body == null ? HttpBody.empty() : body, this);
        var exchange = new Exchange(request, body, options.accessLog() == null ? 0 : loop.nanoTime());
        exchanges.add(exchange);
        if (body != null) {
            bodies++;
            incoming = exchange;
            windowAt = side.look();
            windowReceived = 0;
        } else if (exchange.stopsReading()) {
            stopped = true;
        }
        if (head.expectsUnknown()) {
            exchange.refused = new Refused(417, "expected no other Expect than 100-continue");
        } else {
            ask(exchange, request);
        }
        writeAnswers();
    }

    private void ask(Exchange exchange, HttpRequest request) {
        Future<HttpResponse> answer;
        try {
            answer = Objects.requireNonNull(server.service().answer(request), "the handler's Future");
        } catch (Throwable t) {
            answer = loop.failed(t);
        }
        exchange.answer = answer;
        if (!answer.isDone()) {
            Hop.onDone(loop, answer, (response, failure) -> writeAnswers());
        }
    }

    private void ended(Exchange exchange, IncomingBody body, HttpFields trailers) {
        incoming = null;
        body.ended(trailers);
        if (exchange.stopsReading()) {
            stopped = true;
            if (!exchanges.contains(exchange)) {
                goOnReading();
            }
        }
    }

    /** What the handler does not read is worth reading up to a bound only: the answers that are due end this connection. */
    private void cut(Exchange exchange) {
        if (incoming == exchange) {
            incoming = null;
            finishing = true;
            if (exchanges.isEmpty()) {
                end();
            }
        }
    }

    /** After the requests before it, it is answered with what was wrong. */
    private void refused(Refused refused) {
        Exchange within = incoming;
        if (within != null && within.body != null) {
            incoming = null;
            refuse(within, within.body, refused);
            return;
        }
        if (over || finishing) {
            return;
        }
        var exchange = new Exchange(null, null, options.accessLog() == null ? 0 : loop.nanoTime());
        exchange.refused = refused;
        exchanges.add(exchange);
        writeAnswers();
    }

    private void refuse(Exchange exchange, IncomingBody body, Refused refused) {
        exchange.refused = refused;
        finishing = true;
        body.failed(new IOException("the body of the request can't be read: " + refused.why()));
        if (!exchanges.contains(exchange)) {
            end(); // it was answered
        }
    }

    /** The peer sends nothing more, and may still take answers. */
    private void inputEnded() {
        if (exchanges.isEmpty()) {
            end();
        } else {
            finishing = true;
        }
    }

    // ---- what holds it up

    private void updateReading() {
        if (over || stopped) {
            return;
        }
        boolean pause = incoming == null ? isBusy() : isAhead(incoming);
        if (pause != paused) {
            paused = pause;
            if (pause) {
                connection.pause();
            } else {
                connection.resume();
            }
        }
    }

    private boolean isBusy() {
        return exchanges.size() >= options.pipelined() || blocked || finishing || weight() >= options.waitingBytes();
    }

    private boolean isAhead(Exchange exchange) {
        IncomingBody body = exchange.body;
        return body != null && !body.isClosed() && !body.isAwaited() && weight() >= options.waitingBytes();
    }

    private int weight() {
        if (bodies == 0) {
            return 0;
        }
        int weight = 0;
        for (Exchange each : exchanges) {
            weight += each.body == null ? 0 : each.body.weight();
        }
        return weight;
    }

    /** HTTP goes on after a request that asked for another protocol. */
    private void goOnReading() {
        stopped = false;
        paused = false;
        connection.resume();
        updateReading();
    }

    @Override
    public void wanted(IncomingBody body) {
        for (Exchange each : exchanges) {
            if (each.body == body && each.isHeldBack()) {
                each.continueWanted = true;
            }
        }
        sendContinue();
        updateReading();
    }

    @Override
    public void relieved(IncomingBody body) {
        updateReading();
    }

    /** To the client whose turn it is, if its handler wants the body. */
    private void sendContinue() {
        Exchange first = exchanges.peek();
        if (first == null || over || !first.continueWanted || first.continueSent) {
            return;
        }
        Answering begun = first.answering;
        if (begun == null || !begun.hasBegun()) {
            first.continueSent = true;
            connection.write(CONTINUE);
            connection.flush().onDone((nothing, failure) -> { // it waits for a client that reads slowly
                first.continueLeft = true;
                windowAt = side.look();
            });
        }
    }

    // ---- answers

    private void writeAnswers() {
        while (!over && !blocked) {
            Exchange first = exchanges.peek();
            if (first == null || first.answering != null || !first.mayBeAnswered()) {
                break;
            }
            first.answering = new Answering(this, first);
            first.answering.write();
        }
        sendContinue();
        updateReading();
    }

    /** Whether the connection has to end after the answer to this one. */
    boolean endsAfter(Exchange exchange) {
        RequestHead head = exchange.head();
        if (head == null || !head.keepAlive() || exchange.refused != null) {
            return true;
        }
        if (finishing && exchanges.size() == 1) {
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
            activeAt = side.look();
            written.onDone((nothing, failure) -> {
                blocked = false;
                activeAt = side.look();
                writeAnswers();
            });
        }
        return written;
    }

    /** The answer to the first one is written. */
    void answered(Exchange exchange, boolean last) {
        exchanges.remove();
        log(exchange, true);
        activeAt = side.look();
        IncomingBody body = exchange.body;
        if (body != null) {
            bodies--;
            body.close();
        }
        if (last || (finishing && exchanges.isEmpty())) {
            end();
        } else if (stopped && exchange.stopsReading() && exchange.isReceived()) {
            goOnReading();
        }
    }

    /** After an answer that took a while. */
    void goOn() {
        writeAnswers();
    }

    /** Another protocol goes on. */
    void becomes(Exchange exchange, HttpResponse response) {
        exchanges.remove();
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
        for (Exchange each = exchanges.poll(); each != null; each = exchanges.poll()) {
            log(each, false);
            each.drop();
        }
    }

    void report(String what, Throwable cause) {
        loop.report(what, cause);
    }

    // ---- time

    /** Called now and then. */
    void lookAfter(int look) {
        if (over) {
            return;
        }
        if ((exchanges.isEmpty() && incoming == null) || blocked) {
            lookAfterIdle(look);
        }
        Exchange exchange = incoming;
        if (exchange != null && exchange.body != null) {
            lookAfterBody(exchange, exchange.body, look);
        }
    }

    /** Nothing is to be done, or it waits for the client to take what was written: who takes some is not idle. */
    private void lookAfterIdle(int look) {
        int left = (int) connection.pending();
        if (left != leftBefore) {
            leftBefore = left;
            activeAt = look;
        } else if (side.isIdleSince(activeAt)) {
            if (blocked) {
                over = true;
                connection.abort();
            } else {
                end();
            }
        }
    }

    private void lookAfterBody(Exchange exchange, IncomingBody body, int look) {
        boolean waits = (body.isAwaited() || body.isClosed()) && !paused && !exchange.mayHoldBack();
        if (waits && !side.isProgressDue(windowAt)) {
            return;
        }
        long received = body.received();
        if (waits && received - windowReceived < options.progressBytes()) {
            incoming = null;
            refuse(exchange, body, new Refused(408, "expected the body to come faster"));
        }
        windowAt = look;
        windowReceived = received;
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
        if (exchanges.isEmpty()) {
            end();
        } else {
            updateReading();
        }
    }

    private void failed(Failure failure) {
        if (left) {
            failure.report(); // another protocol's
            return;
        }
        over = true;
        if (!exchanges.isEmpty() || !(failure.cause() instanceof IOException)) {
            failure.report();
        }
        Exchange first = exchanges.peek();
        boolean begun = first != null && first.answering != null;
        IOException cause = new IOException("the connection has failed: " + failure.cause(), failure.cause());
        for (Exchange each : exchanges) {
            if (each.body != null) {
                each.body.failed(cause);
            }
        }
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
        var log = options.accessLog();
        if (log == null) {
            return;
        }
        HttpRequest request = exchange.request;
        try {
            log.accept(new HttpAccess(
                    remoteAddress(),
                    request == null ? "" : request.method(),
                    request == null ? "" : request.target(),
                    exchange.status,
                    exchange.bytes,
                    Duration.ofNanos(loop.nanoTime() - exchange.startedNanos),
                    complete));
        } catch (Throwable t) {
            report("the access log", t);
        }
    }

    // ---- of requests

    @Override
    public SocketAddress remoteAddress() {
        Optional<ProxyInfo> proxied = connection.info(ProxyInfo.class);
        return proxied.flatMap(info -> Optional.ofNullable(info.source())).orElseGet(connection::remoteAddress);
    }

    @Override
    public SocketAddress localAddress() {
        return connection.localAddress();
    }

    @Override
    public <T> Optional<T> info(Class<T> type) {
        return connection.info(type);
    }
}
