package rill.http;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.RequestHead;

/**
 * A request of a server's connection, until its answer has been written.
 *
 * <pre>
 *  ANSWERED? (its handler runs) ──▶ its turn ──▶ writing ──▶ over
 * </pre>
 */
final class Exchange {
    final @Nullable HttpRequest request; // null if it could not be read
    final @Nullable IncomingBody body; // null if there is none
    final long startedNanos;

    /** The handler's Future; null until the handler was called. */
    private @Nullable Future<HttpResponse> promised;

    private boolean promisedToNoOther;

    /** This exchange's own interest in that, unless it was done at once. */
    @Nullable
    Future<HttpResponse> answer;

    /** Why the request is answered without the handler's result. */
    @Nullable
    Refused refused;

    /** Writes the answer, once that has begun. */
    @Nullable
    Answering answering;

    boolean continueWanted;
    boolean continueSent;
    boolean continueLeft; // is no longer queued behind earlier answers
    int status;
    long bytes; // of the body, written

    Exchange(@Nullable HttpRequest request, @Nullable IncomingBody body, long startedNanos) {
        this.request = request;
        this.body = body;
        this.startedNanos = startedNanos;
    }

    @Nullable
    RequestHead head() {
        return request == null ? null : request.head();
    }

    boolean isOf(String method) {
        return request != null && request.method().equals(method);
    }

    /** Whether the whole request has arrived. */
    boolean isReceived() {
        return body == null || body.isComplete();
    }

    /**
     * Takes the handler's Future. One that is pending may be waited for by others, such as requests for the same, so what is given up is not that
     * Future, but the interest in it.
     *
     * @param toNoOther whether no other waits for it
     * @return the answer
     */
    Future<HttpResponse> promised(Future<HttpResponse> future, boolean toNoOther) {
        Future<HttpResponse> own = future.isDone() ? future : future.map(response -> response);
        promised = future;
        promisedToNoOther = toNoOther;
        answer = own;
        return own;
    }

    boolean mayBeAnswered() {
        return answer == null ? refused != null : answer.isDone();
    }

    /** Whether the client still waits for permission to send the body. */
    boolean isHeldBack() {
        RequestHead head = head();
        return head != null
                && head.expectsContinue()
                && !continueSent
                && body != null
                && body.received() == 0
                && !(answering != null && answering.hasBegun()); // a client with an answer receives no 100
    }

    /** Whether a missing body may not be blamed on the client. */
    boolean mayHoldBack() {
        return isHeldBack() || (continueSent && !continueLeft);
    }

    /** Whether the session stops after this request. */
    boolean stopsReading() {
        RequestHead head = head();
        return head != null && (head.isUpgrade() || head.method().equals("CONNECT"));
    }

    /** Its name in reports. */
    String named() {
        return request == null ? "a request" : request.method() + " " + request.target();
    }

    /** Releases everything it holds. */
    void drop() {
        if (body != null) {
            body.close();
        }
        if (answering != null) {
            answering.abandon();
        } else {
            giveUp();
        }
    }

    /** The time for the answer is over. One that is there already, on another loop perhaps, will be sent. */
    void tooLate() {
        if (promised != null && answer != null && answer.cancel()) {
            mayComeLate(promised);
        }
    }

    /** The handler's answer is not wanted any more. A Task may give one all the same, in its own time. */
    void giveUp() {
        Future<HttpResponse> future = promised;
        if (future == null || answer == null || answer.isCancelled()) {
            return;
        }
        answer.cancel();
        mayComeLate(future);
    }

    private void mayComeLate(Future<HttpResponse> future) {
        if (future.isDone()) {
            Throwable failure = future.failure();
            unused(failure == null ? future.result() : null, failure);
        } else if (promisedToNoOther) {
            future.onDone(this::unused);
        }
    }

    /** An IOException is most likely what the loss of the client has led to. */
    private void unused(@Nullable HttpResponse response, @Nullable Throwable failure) {
        if (response != null) {
            response.body().close();
        } else if (!(failure instanceof IOException || failure instanceof CancellationException)) {
            Objects.requireNonNull(Loop.current())
                    .report("the handler of " + named(), failure == null ? noResponse() : failure);
        }
    }

    static NullPointerException noResponse() {
        return new NullPointerException("its Future gave null, where a response is expected");
    }
}
