package rill.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;
import rill.DeadlineException;
import rill.Handle;
import rill.Promise;
import rill.http.wire.BodyEvent;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * One request and its response. On the loop.
 *
 * <pre>
 *            a connection          the head of the response         the end of the response, and
 *  WAITING ───────────────▶ SENT ─────────────────────────▶ ANSWERED ──── all of the body sent ────▶ OVER
 *     │  ▲                   │ │                              │
 *     │  └── once more, on a ┘ └ failed, late, cancelled ──▶ OVER ◀── failed, late, not wanted
 *     │      new connection
 *     └ cancelled, late, nothing can be connected ──▶ OVER
 * </pre>
 *
 * <p>The request and the response may overlap: a server may answer before it has read the whole request. The body of the request is handled by
 * {@link Upload}.
 */
final class ClientExchange {
    private enum State {
        WAITING,
        SENT,
        ANSWERED,
        OVER
    }

    private static final int MOST_INTERIM = 100;

    /** How long the rest of a response that nobody wants is read, to keep the connection. */
    private static final Duration DRAINING = Duration.ofSeconds(1);

    private final HttpClient client;
    private final ClientRequest request;
    private final Promise<ClientResponse> promise;
    private final long deadline; // of the whole request; 0 for none
    private State state = State.WAITING;
    private @Nullable OriginPool pool;
    private HttpBody body; // of this attempt
    private @Nullable ClientConnection on;
    private @Nullable Upload upload; // of its body, if it has one, once its head was written
    private @Nullable ClientResponse response;
    private @Nullable Handle timer; // for the deadline
    private @Nullable Handle waitTimer; // while it waits for a connection
    private boolean mayBeStale; // since the connection was used before
    private boolean triedAgain;
    private long heardBefore;
    private int interim; // responses received
    private boolean answerEnded;
    private boolean draining; // nobody wants the rest of the response
    private boolean counted; // by the client

    ClientExchange(HttpClient client, ClientRequest request, Promise<ClientResponse> promise, long deadline) {
        this.client = client;
        this.request = request;
        this.promise = promise;
        this.deadline = deadline;
        this.body = request.body() instanceof FileBody ? HttpBody.empty() : request.body();
    }

    void begin() {
        counted = true;
        client.begins();
        if (deadline != 0) {
            long left = deadline - client.loop().nanoTime();
            timer = client.loop()
                    .schedule(Duration.ofNanos(Math.max(0, left)), "time of an HTTP request", this::wholeLate);
        }
        prepareBody(() -> placeIn(false));
    }

    /** It begins to wait for a connection. */
    void waits() {
        Duration most = client.options().waitTimeout();
        waitTimer = client.loop().schedule(most, "wait of an HTTP request", () -> {
            waitTimer = null;
            tooLate("no connection within " + most.toMillis() + " ms");
        });
    }

    private void waitsNoMore() {
        if (waitTimer != null) {
            waitTimer.cancel();
            waitTimer = null;
        }
    }

    /** Whether it needs a new connection: a reused one may be as stale as the previous one. */
    boolean wantsNew() {
        return triedAgain;
    }

    /** The pool is looked up each time, since a pool without connections is removed. */
    private void placeIn(boolean onNew) {
        OriginPool from = client.pool(request);
        pool = from;
        if (from == null) {
            fail(Fate.NEVER_SENT, "the client is closed", null);
        } else if (onNew) {
            from.placeOnNew(this);
        } else {
            from.place(this);
        }
    }

    /** A file has to be open before its length is known, and is read from the beginning at each attempt. */
    private void prepareBody(Runnable then) {
        if (!(request.body() instanceof FileBody file)) {
            body = request.body();
            then.run();
            return;
        }
        FileBody fresh = file.again();
        body = fresh;
        fresh.open(client.loop()).onDone((nothing, failure) -> {
            if (state != State.WAITING) {
                fresh.close();
            } else if (failure != null) {
                fail(Fate.NEVER_SENT, "its body can't be read: " + failure.getMessage(), failure);
            } else {
                then.run();
            }
        });
    }

    private OriginPool pool() {
        return Objects.requireNonNull(pool);
    }

    private ClientConnection on() {
        return Objects.requireNonNull(on);
    }

    // ---- sending

    /** Takes exclusive use of a connection. */
    void take(ClientConnection connection) {
        on = connection;
        state = State.SENT;
        waitsNoMore();
        mayBeStale = connection.isReused();
        heardBefore = connection.heard();
        connection.begin(this);
        RequestHead head;
        try {
            head = head();
        } catch (IllegalArgumentException e) { // an error in the request, of which nothing was sent
            over();
            promise.fail(e);
            connection.release(true);
            letGo();
            return;
        }
        connection.write(head);
        if (state == State.SENT) { // it may have failed already
            sendBody(connection);
        }
    }

    private RequestHead head() {
        HttpFields fields = pool().fields(request.asksForCoding(client.options()));
        long length = body.length();
        if (length != 0) {
            fields = length < 0
                    ? fields.add("Transfer-Encoding", "chunked")
                    : fields.add("Content-Length", Long.toString(length));
            if (request.continueTimeout() != null) {
                fields = fields.add("Expect", "100-continue");
            }
        } else if (request.meansContent()) {
            fields = fields.add("Content-Length", "0");
        }
        HttpFields all =
                pool().toProxy(fields.addAll(request.fieldsAnd(client.options().fields())));
        return RequestHead.of(request.method(), pool().target(request), all);
    }

    private void sendBody(ClientConnection connection) {
        if (body.length() != 0) {
            var sends = new Upload(this, connection, client.loop(), body);
            upload = sends;
            sends.begin(request.continueTimeout());
            if (sends.isAsking()) {
                return;
            }
        }
        limitWait();
    }

    /** Limits the time for the server, or for the source of the body, from now on. */
    private void limitWait() {
        if (on != null) {
            on.within(mostWait());
        }
    }

    private Duration mostWait() {
        HttpClientOptions options = client.options();
        if (bodyMoves()) {
            return options.progressTimeout();
        }
        if (state == State.SENT) {
            return options.headTimeout();
        }
        return draining && options.progressTimeout().compareTo(DRAINING) > 0 ? DRAINING : options.progressTimeout();
    }

    private boolean bodyMoves() {
        return upload != null && upload.isMoving();
    }

    private boolean isAsking() {
        return upload != null && upload.isAsking();
    }

    /** The server has sent 100, or does not know it, or takes its time. */
    private void sendAfterAsking() {
        Objects.requireNonNull(upload).send();
        limitWait();
    }

    /** The client finishes: a body without an end of its own may end now. */
    void finishing() {
        if (upload != null) {
            upload.finishing();
        }
    }

    boolean isFinishing() {
        return client.isFinishing();
    }

    /** A piece of the body was written, or taken. */
    void sent() {
        limitWait();
    }

    void bodySent() {
        limitWait();
        concludeIfDone();
    }

    /** From now on the server has to answer. */
    void bodyLeft(Upload sent) {
        if (upload == sent) {
            limitWait();
        }
    }

    /** The source of the body has failed. */
    void bodyFailed(Throwable why) {
        giveUp("its body can't be sent: " + why.getMessage(), why);
    }

    // ---- receiving

    void event(ResponseEvent event) {
        switch (event) {
            case ResponseHead head -> head(head);
            case BodyEvent body -> body(body);
        }
    }

    private void head(ResponseHead head) {
        if (head.isInterim()) {
            interim(head);
            return;
        }
        state = State.ANSWERED;
        Upload unwanted = upload != null && upload.answered(head.status()) ? upload : null;
        var answer = new ClientResponse(this, request, head, client);
        response = answer;
        progress();
        boolean wanted = promise.complete(answer);
        if (!head.hasBody()) {
            answer.ended(HttpFields.none());
            answerEnded();
        }
        if (!wanted) {
            answer.discard();
        }
        if (unwanted != null) {
            unwanted.stop();
        }
    }

    /** An interim response does not extend the time, except that the body is sent only after a 100. */
    private void interim(ResponseHead head) {
        if (++interim > MOST_INTERIM) {
            String why = "more than " + MOST_INTERIM + " interim responses";
            giveUp(why, new IOException(why));
        } else if (head.status() == 100 && isAsking()) {
            sendAfterAsking();
        }
    }

    private void body(BodyEvent event) {
        ClientResponse to = Objects.requireNonNull(response);
        progress();
        switch (event) {
            case Data data -> {
                boolean last = data.isLast();
                to.data(data.bytes());
                if (last) {
                    to.ended(HttpFields.none());
                    answerEnded();
                }
            }
            case End end -> {
                to.ended(end.trailers());
                answerEnded();
            }
        }
    }

    private void answerEnded() {
        answerEnded = true;
        concludeIfDone();
    }

    private void concludeIfDone() {
        if (state != State.ANSWERED || !answerEnded || (upload != null && upload.isUnfinished())) {
            return;
        }
        boolean reusable = (upload == null || !upload.isUnwanted())
                && Objects.requireNonNull(response).head().keepAlive();
        ClientConnection connection = on();
        over();
        connection.release(reusable);
        letGo();
    }

    /** Some bytes have arrived, or more were asked for. */
    void progress() {
        if (state == State.ANSWERED && !draining) {
            limitWait();
        }
    }

    /** The rest of the response is not wanted. From now on, or once all of the request has left, it has a fixed time, however it arrives. */
    void drain() {
        if (state == State.ANSWERED && !answerEnded) {
            draining = true;
            limitWait();
        }
    }

    /** Stops or resumes reading from the connection. */
    void hold(boolean hold) {
        if (on != null && state == State.ANSWERED) {
            on.hold(hold);
        }
    }

    // ---- ends

    /** Ends the exchange. The caller must then settle the result, and last {@link #letGo} of resources. */
    private void over() {
        state = State.OVER;
        if (counted) {
            counted = false;
            client.ends();
        }
        waitsNoMore();
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        if (on != null) {
            on.noLimit();
            on = null;
        }
    }

    private void letGo() {
        if (upload != null) {
            upload.stop();
        }
        body.close();
    }

    /** Its connection is gone, for this reason. */
    void connectionGone(Throwable why) {
        State before = state;
        boolean nothingCame = on != null && on.heard() == heardBefore;
        if (before == State.SENT && mayBeStale && nothingCame && !triedAgain && mayBeTriedAgain()) {
            again();
            return;
        }
        over();
        String words = why.getMessage() == null ? why.toString() : why.getMessage();
        if (before == State.SENT) {
            promise.fail(HttpClient.failed(Fate.PERHAPS_CARRIED_OUT, request, words, why));
        } else if (response != null && !answerEnded) {
            response.failed(new IOException(request + ": the response's body has not come whole: " + words, why));
        }
        letGo();
    }

    private boolean mayBeTriedAgain() {
        return request.isIdempotent() && request.isRepeatable();
    }

    private void again() {
        triedAgain = true;
        on = null;
        letGo();
        upload = null;
        state = State.WAITING;
        interim = 0;
        prepareBody(() -> placeIn(true));
    }

    /** Fails while it has no connection. */
    void fail(Fate fate, String why, @Nullable Throwable cause) {
        over();
        promise.fail(HttpClient.failed(triedAgain ? Fate.PERHAPS_CARRIED_OUT : fate, request, inOrder(why), cause));
        letGo();
    }

    /** Adds the first attempt to the reason why the second has not begun. */
    private String inOrder(String why) {
        return triedAgain ? "its connection, used before, ended without an answer; tried once more: " + why : why;
    }

    /** Its time on the connection is over. */
    void late() {
        HttpClientOptions options = client.options();
        if (isAsking()) {
            sendAfterAsking();
        } else if (on().isTaken() && (upload == null || !upload.isUnwanted())) {
            limitWait(); // what was written still leaves
        } else if (draining && !bodyMoves()) {
            cancel();
        } else if (state == State.ANSWERED || bodyMoves()) {
            tooLate("no byte of a body has moved for "
                    + options.progressTimeout().toMillis() + " ms");
        } else {
            tooLate("no response within " + options.headTimeout().toMillis() + " ms");
        }
    }

    private void wholeLate() {
        timer = null;
        tooLate("it was not done within its time");
    }

    private void tooLate(String why) {
        giveUp(why, new DeadlineException(request + ": " + why));
    }

    private void giveUp(String why, Throwable cause) {
        State before = state;
        ClientConnection connection = on;
        ClientResponse begun = answerEnded ? null : response;
        if (before == State.WAITING) {
            forget();
        }
        over();
        if (connection != null) {
            connection.abort();
        }
        if (begun != null) {
            begun.failed(new IOException(request + ": " + why, cause));
        } else {
            boolean never = before == State.WAITING && !triedAgain;
            Fate fate = never ? Fate.NEVER_SENT : Fate.PERHAPS_CARRIED_OUT;
            promise.fail(HttpClient.failed(fate, request, before == State.WAITING ? inOrder(why) : why, cause));
        }
        letGo();
    }

    private void forget() {
        if (pool != null) {
            pool.forget(this);
        }
    }

    /** Nobody wants it, or the rest of it, any more. */
    void cancel() {
        if (state == State.OVER) {
            return;
        }
        if (state == State.WAITING) {
            forget();
        }
        ClientConnection connection = on;
        over();
        if (connection != null) {
            connection.abort();
        }
        letGo();
    }

    @Override
    public String toString() {
        return request.toString();
    }
}
