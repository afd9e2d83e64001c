package rill.http;

import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.http.wire.Refused;
import rill.http.wire.RequestHead;

/**
 * A request of a connection, until its answer has been written.
 *
 * <pre>
 *  ANSWERED? (its handler runs) ──▶ its turn ──▶ writing ──▶ over
 * </pre>
 */
final class Exchange {
    final @Nullable HttpRequest request; // null where none could be read
    final @Nullable IncomingBody body; // null if it has none
    final long startedNanos;

    /** What its handler has promised; null until it was called. */
    @Nullable
    Future<HttpResponse> answer;

    /** Why the request is answered for without, or in spite of, its handler. */
    @Nullable
    Refused refused;

    /** Who writes the answer, once that has begun. */
    @Nullable
    Answering answering;

    boolean continueWanted;
    boolean continueSent;
    boolean continueLeft; // and is not behind earlier answers any more
    int status;
    long bytes; // of the body that were written

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

    /** Whether all of the request has come. */
    boolean isReceived() {
        return body == null || body.isComplete();
    }

    boolean mayBeAnswered() {
        Future<HttpResponse> promised = answer;
        return promised == null ? refused != null : promised.isDone();
    }

    /** Whether the client still waits with the body until it is told to send it. */
    boolean isHeldBack() {
        RequestHead head = head();
        return head != null
                && head.expectsContinue()
                && !continueSent
                && body != null
                && body.received() == 0
                && !(answering != null && answering.hasBegun()); // who is told the answer is not told to go on
    }

    /** Whether the client can't be blamed for a body that does not come. */
    boolean mayHoldBack() {
        return isHeldBack() || (continueSent && !continueLeft);
    }

    /** What the session does after such a request is to stop. */
    boolean stopsReading() {
        RequestHead head = head();
        return head != null && (head.isUpgrade() || head.method().equals("CONNECT"));
    }

    /** Nothing of it is of use any more. */
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
