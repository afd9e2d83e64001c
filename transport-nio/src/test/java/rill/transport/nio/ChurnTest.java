package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.Connection;
import rill.Future;

/** Connections that come and go, so that descriptor numbers are reused. */
class ChurnTest extends OnNio {
    @Test
    @Tag("slow")
    void a_thousand_quick_connections_reuse_descriptors_and_never_get_each_others_bytes() throws Exception {
        task(() -> {
            var server = loop.serve(ANY_PORT, Lines.PIPELINE, Future::of).await();
            for (int round = 0; round < 100; round++) {
                List<Future<Client<String, String>>> connecting = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    connecting.add(loop.connect(server.address(), Lines.inOrder()));
                }
                List<Future<?>> closing = new ArrayList<>();
                int n = 0;
                for (Client<String, String> client : Future.all(connecting).await()) {
                    String mine = round + "/" + n++;
                    assertThat(client.call(mine).await()).isEqualTo(mine);
                    closing.add(client.finish());
                }
                for (Future<?> each : closing) {
                    each.await();
                }
            }
            until(() -> loop.connections() == 0);
            server.close();
        });
    }

    @Test
    void a_descriptor_that_is_closed_and_reused_within_one_batch_of_events_stays_apart() throws Exception {
        task(() -> {
            var strangers = new ArrayList<String>();
            var fresh = new ArrayList<Connection<String, String>>();
            var server = loop.listen(
                            ANY_PORT,
                            Lines.PIPELINE,
                            each -> each.onMessage(line -> {
                                each.write(line); // the answer is in flight when the other one is closed
                                each.write("late " + line);
                            }))
                    .await();
            for (int round = 0; round < 50; round++) {
                var first = loop.connect(server.address(), Lines.PIPELINE).await();
                var second = loop.connect(server.address(), Lines.PIPELINE).await();
                var replaced = loop.<Boolean>promise();
                String mine = "round " + round;
                first.onMessage(line -> {
                    if (line.equals(mine)) {
                        second.abort(); // its events may be next in this batch; a new socket may get its descriptor
                        loop.connect(server.address(), Lines.PIPELINE).onDone((connection, failure) -> {
                            fresh.add(connection);
                            connection.onMessage(strangers::add);
                            replaced.complete(true);
                        });
                    }
                });
                second.onMessage(line -> {});
                second.onFailure(failure -> {});
                first.write(mine);
                second.write(mine);
                replaced.await();
                first.finish().await();
            }
            assertThat(fresh).hasSize(50);
            assertThat(strangers).isEmpty();
            for (Connection<String, String> each : fresh) {
                each.finish().await();
            }
            server.close();
            until(() -> loop.connections() == 0);
            reports.take(rill.Report.ConnectionFailed.class);
        });
    }
}
