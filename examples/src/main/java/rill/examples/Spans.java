package rill.examples;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.CallOutcome;
import rill.Observed;
import rill.Observer;

/** Makes a span of each completed call, for a tracer; see docs/operating.md. */
final class Spans implements Observer {
    /** A call as a span: the request, the peer, the outcome, and the duration. */
    record Span(String name, String peer, String status, Duration lasted) {}

    private final Consumer<? super Span> tracer;

    Spans(Consumer<? super Span> tracer) {
        this.tracer = tracer;
    }

    @Override
    public void callEnded(
            @Nullable Observed connection,
            Object request,
            CallOutcome outcome,
            Duration latency,
            @Nullable Throwable failure) {
        String peer = connection == null ? "none" : connection.remoteAddress().toString();
        tracer.accept(new Span(request.toString(), peer, outcome.name(), latency));
    }
}
