package rill.http;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The unanswered requests of a connection, in order. On the loop. */
final class Requests {
    private final ArrayDeque<Exchange> unanswered = new ArrayDeque<>(2);
    private int bodies; // of these requests

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

    /** Removes the first one, which was answered or never will be; null if there is none. */
    @Nullable
    Exchange removeFirst() {
        Exchange first = unanswered.poll();
        if (first != null && first.body != null) {
            bodies--;
        }
        return first;
    }

    /** The weight of the parts of their bodies that wait for a reader. */
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

    /** This body is being read: permission to send it is due, if the client waits for it. */
    void wanted(IncomingBody body) {
        for (Exchange each : unanswered) {
            if (each.body == body && each.isHeldBack()) {
                each.continueWanted = true;
            }
        }
    }

    /** Nothing more of their bodies will arrive. */
    void fail(Throwable cause) {
        for (Exchange each : unanswered) {
            if (each.body != null) {
                each.body.failed(cause);
            }
        }
    }
}
