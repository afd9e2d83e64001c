package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** What is told to who writes to a connection that this side has closed. */
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
    void where_it_was_closed_is_noted_when_tracing_only() throws IOException {
        assertThat(trace(false)).isEmpty();
        assertThat(trace(true))
                .anySatisfy(frame ->
                        assertThat(frame.getMethodName()).isEqualTo("where_it_was_closed_is_noted_when_tracing_only"));
    }

    private static StackTraceElement[] trace(boolean tracing) throws IOException {
        var options = LoopOptions.defaults().transport(new FakeTransport()).tracing(tracing);
        try (var loop = Loop.open(options)) {
            return closed(loop).getStackTrace();
        }
    }

    private static ClosedHere closed(Loop loop) {
        return new ClosedHere(new Link(loop, ConnectionLimits.defaults(), failure -> {}));
    }

    @Test
    void it_can_be_sent_elsewhere() throws Exception {
        try (var loop = Loop.open(LoopOptions.defaults().transport(new FakeTransport()))) {
            var bytes = new ByteArrayOutputStream();
            try (var out = new ObjectOutputStream(bytes)) {
                out.writeObject(closed(loop));
            }
            try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                assertThat((ClosedHere) in.readObject()).hasMessage("connection was closed by this side");
            }
        }
    }
}
