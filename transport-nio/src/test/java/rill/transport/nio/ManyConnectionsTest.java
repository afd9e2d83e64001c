package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.SocketAddress;
import java.util.ArrayList;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Report;

/** Nothing remains, however many connections there were. */
@Tag("slow")
class ManyConnectionsTest extends OnNio {
    private static final int CONNECTIONS = Integer.getInteger("rill.test.connections", 20_000);
    private static final int AT_A_TIME = 20;

    @Test
    void many_connections_leave_no_descriptor_and_no_answer_is_lost() throws Exception {
        File descriptors = new File("/proc/self/fd");
        Assumptions.assumeTrue(descriptors.isDirectory(), "there is no /proc to count descriptors in");
        var server = shouting();
        task(() -> call(server.address()));
        int before = descriptors.list().length;
        loop.task("many", () -> {
                    for (int n = 0; n < CONNECTIONS; n += AT_A_TIME) {
                        call(server.address());
                    }
                    return true;
                })
                .await();
        task(() -> until(() -> loop.connections() == 0));
        assertThat(descriptors.list().length).isLessThanOrEqualTo(before);
        reports.take(Report.ConnectionFailed.class); // the resets, from the server's view
        server.close();
    }

    /** Makes a batch of connections, each with one question and then a reset: an orderly close would keep its port for a minute. */
    private void call(SocketAddress address) throws Exception {
        var connections = new ArrayList<Connection<String, String>>();
        for (int i = 0; i < AT_A_TIME; i++) {
            connections.add(loop.connect(address, Lines.PIPELINE).await());
        }
        for (var each : connections) {
            each.write("hello");
        }
        for (var each : connections) {
            assertThat(each.receive().await()).isEqualTo("HELLO");
            each.abort();
        }
    }
}
