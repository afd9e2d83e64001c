package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** What a writer to a connection learns after this side has closed it. */
class ClosedHereTest {
    @Test
    void it_names_the_connection() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var written = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                rig.connection().close();
                written.add(rig.connection().write("too late"));
            });
            rig.settle();
            assertThatThrownBy(written.getFirst()::await)
                    .isInstanceOf(ClosedChannelException.class)
                    .hasMessage("connection to %s was closed by this side", rig.wire.remoteAddress());
        }
    }

    @Test
    void where_it_was_closed_is_noted_when_tracing_only() {
        assertThat(new ClosedHere(null, false, null).getStackTrace()).isEmpty();
        assertThat(new ClosedHere(null, true, null).getStackTrace())
                .anySatisfy(frame -> assertThat(frame.getClassName()).isEqualTo(ClosedHereTest.class.getName()));
    }

    @Test
    void it_can_be_sent_elsewhere() throws Exception {
        var peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        var bytes = new ByteArrayOutputStream();
        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ClosedHere(peer, false, null));
        }
        try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat((ClosedHere) in.readObject()).hasMessage("connection to %s was closed by this side", peer);
        }
    }
}
