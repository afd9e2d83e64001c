package rill.http;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;

/** Tells the user of each request, if he has asked for that. On the loop. */
final class AccessLog {
    private final @Nullable Consumer<? super HttpAccess> told;
    private final Loop loop;

    AccessLog(@Nullable Consumer<? super HttpAccess> told, Loop loop) {
        this.told = told;
        this.loop = loop;
    }

    /** When a request begins, which nobody has to know if nobody is told. */
    long now() {
        return told == null ? 0 : loop.nanoTime();
    }

    /**
     * A request is over.
     *
     * @param complete whether it was answered
     */
    void log(Exchange exchange, HttpRequest.Arrival arrival, boolean complete) {
        if (told == null) {
            return;
        }
        HttpRequest request = exchange.request;
        try {
            told.accept(new HttpAccess(
                    arrival.remoteAddress(),
                    request == null ? "" : request.method(),
                    request == null ? "" : request.target(),
                    exchange.status,
                    exchange.bytes,
                    Duration.ofNanos(loop.nanoTime() - exchange.startedNanos),
                    complete));
        } catch (Throwable t) {
            loop.report("the access log", t);
        }
    }
}
