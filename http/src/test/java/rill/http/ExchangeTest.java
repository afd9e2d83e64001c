package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.testkit.memory.MemoryTransport;

/** What becomes of an answer whose deadline is due. */
class ExchangeTest {
    private final AtomicInteger closed = new AtomicInteger();

    private final HttpBody.Source source = new HttpBody.Source() {
        @Override
        public Future<@Nullable ByteBuf> next() {
            return Future.of(null);
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    };

    /** An answer of another loop is there before this loop has heard of it. */
    @Test
    void one_that_is_there_already_is_sent_and_so_stays_open() throws IOException {
        try (var loop = Loop.open(new MemoryTransport(1))) {
            Promise<HttpResponse> promise = loop.promise();
            var exchange = new Exchange(null, null, 0);
            Future<HttpResponse> answer = exchange.promised(promise, false);
            promise.complete(HttpResponse.of(HttpBody.stream(source)));
            answer.await();
            exchange.tooLate();
            assertThat(closed).hasValue(0);
            exchange.drop(); // the client is gone
            assertThat(closed).hasValue(1);
        }
    }
}
