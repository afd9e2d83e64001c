package rill.http;

import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.http.wire.Refused;
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

    boolean mayBeAnswered() {
        Future<HttpResponse> promised = answer;
        return promised == null ? refused != null : promised.isDone();
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

    /** Releases everything it holds. */
    void drop() {
        if (body != null) {
            body.close();
        }
        Future<HttpResponse> promised = answer;
        if (answering != null) {
            answering.abandon();
        } else if (promised != null && !promised.isDone()) {
            promised.cancel();
        } else if (promised != null && promised.failure() == null && promised.result() != null) {
            promised.result().body().close();
        }
    }
}
