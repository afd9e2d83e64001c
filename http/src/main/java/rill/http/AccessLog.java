package rill.http;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;

/** Calls the access log, if there is one. On the loop. */
final class AccessLog {
    private final @Nullable Consumer<? super HttpAccess> told;
    private final Loop loop;

    AccessLog(@Nullable Consumer<? super HttpAccess> told, Loop loop) {
        this.told = told;
        this.loop = loop;
    }

    /** The current time; 0 without a log, so that the clock is not read. */
    long now() {
        return told == null ? 0 : loop.nanoTime();
    }

    /**
     * Logs a request that is over.
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
