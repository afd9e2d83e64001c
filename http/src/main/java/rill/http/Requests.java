package rill.http;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The requests of a connection that were not answered yet, in their order. On the loop. */
final class Requests {
    private final ArrayDeque<Exchange> unanswered = new ArrayDeque<>(2);
    private int bodies; // of these

    void add(Exchange exchange) {
        unanswered.add(exchange);
        if (exchange.body != null) {
            bodies++;
        }
    }

    boolean isEmpty() {
        return unanswered.isEmpty();
    }

    int size() {
        return unanswered.size();
    }

    boolean contains(Exchange exchange) {
        return unanswered.contains(exchange);
    }

    /** The one whose turn it is; null if there is none. */
    @Nullable
    Exchange first() {
        return unanswered.peek();
    }

    /** It is answered, or nobody will answer it; null if there is none. */
    @Nullable
    Exchange removeFirst() {
        Exchange first = unanswered.poll();
        if (first != null && first.body != null) {
            bodies--;
        }
        return first;
    }

    /** How much of their bodies waits for somebody who reads it. */
    int weight() {
        if (bodies == 0) {
            return 0;
        }
        int weight = 0;
        for (Exchange each : unanswered) {
            weight += each.body == null ? 0 : each.body.weight();
        }
        return weight;
    }

    /** Somebody reads this body: its client is to be told to send it. */
    void wanted(IncomingBody body) {
        for (Exchange each : unanswered) {
            if (each.body == body && each.isHeldBack()) {
                each.continueWanted = true;
            }
        }
    }

    /** Nothing more of their bodies will come. */
    void fail(Throwable cause) {
        for (Exchange each : unanswered) {
            if (each.body != null) {
                each.body.failed(cause);
            }
        }
    }
}
