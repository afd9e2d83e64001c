package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.codec.Text;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Spans of calls, made by an observer. */
@ExtendWith(Leaks.class)
class SpansTest {
    private static final Pipeline<String, String> LINES = Text.lines();

    @Test
    void each_call_is_a_span_with_its_name_its_peer_its_end_and_its_time() throws IOException {
        var transport = MemoryTransport.calm();
        List<Spans.Span> finished = new ArrayList<>();
        var options = LoopOptions.defaults().observer(new Spans(finished::add));
        try (Loop loop = Loop.open(options.transport(transport).slowHandle(Duration.ZERO))) {
            Promise<String> late = loop.promise();
            Listener listener = loop.serve(
                            MemoryTransport.ANY, LINES, request -> request.equals("slow") ? late : Future.of(request))
                    .await();
            Client<String, String> client = loop.connect(
                            listener.address(), ClientProtocol.inOrder(LINES).naming(request -> request))
                    .await();
            assertThat(client.call("quick").await()).isEqualTo("quick");
            Future<String> slow = client.call("slow");
            transport.pass(Duration.ofMillis(250));
            late.complete("at last");
            assertThat(slow.await()).isEqualTo("at last");
            client.close();
            client.closed().await();
            listener.close();
        }
        assertThat(finished).extracting(Spans.Span::name).containsExactly("quick", "slow");
        assertThat(finished).extracting(Spans.Span::status).containsExactly("ANSWERED", "ANSWERED");
        assertThat(finished.getLast().lasted()).isGreaterThanOrEqualTo(Duration.ofMillis(250));
        assertThat(finished.getFirst().peer()).isNotEqualTo("none");
    }
}
