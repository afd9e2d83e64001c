package rill.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Pipeline;
import rill.testing.IntFrames;

/** Payloads that are passed through and gathered, on heap and off heap, larger than any kernel buffer. */
@Tag("slow")
class LargePayloadTest extends OverSockets {
    private static final int MIB = 1024 * 1024;
    private static final Pipeline<ByteBuf, ByteBuf> FRAMES = Pipeline.of(new IntFrames(64 * MIB));

    /** An echo that awaits each write, since above the hard limit a write fails. */
    private InetSocketAddress echo() throws IOException {
        return listen(
                FRAMES,
                connection -> loop.task(() -> {
                    ByteBuf frame = connection.receive().await();
                    while (frame != null) {
                        connection.write(frame).await();
                        frame = connection.receive().await();
                    }
                    return connection.finish();
                }));
    }

    @Test
    void large_and_small_frames_arrive_whole_and_in_order() throws IOException {
        long seed = 11;
        var random = new Random(seed);
        byte[] content = new byte[9 * MIB];
        random.nextBytes(content);
        int[] sizes = {1, 5 * MIB, 0, 3_000, 9 * MIB, 2, 2 * MIB, 100_000, 7};
        InetSocketAddress address = echo();
        var unlimited = ConnectionLimits.defaults().waterMarks(64 * 1024, 32 * MIB, 64 * MIB);
        Connection<ByteBuf, ByteBuf> connection =
                await(loop.connect(address, FRAMES, ConnectOptions.defaults().limits(unlimited)));
        run(() -> {
            for (int i = 0; i < sizes.length; i++) {
                ByteBuf frame = i % 2 == 0 ? Unpooled.buffer(sizes[i]) : Unpooled.directBuffer(sizes[i]);
                connection.write(frame.writeBytes(content, 0, sizes[i]));
            }
            for (int size : sizes) {
                ByteBuf frame = connection.receive().await();
                assertThat(frame)
                        .as("frame of %d bytes, seed %d", size, seed)
                        .isEqualTo(Unpooled.wrappedBuffer(content, 0, size));
                frame.release();
            }
            return connection.finish().await();
        });
        assertThat(serverFailures).isEmpty();
        assertThat(reports).isEmpty();
    }

    @Test
    void a_composite_payload_is_gathered_from_its_parts() throws IOException {
        InetSocketAddress address = echo();
        Connection<ByteBuf, ByteBuf> connection = connect(address, FRAMES);
        run(() -> {
            ByteBuf[] parts = new ByteBuf[100]; // more than one gathering write takes
            ByteBuf expected = Unpooled.buffer();
            for (int i = 0; i < parts.length; i++) {
                parts[i] = Unpooled.buffer(50).writeZero(49).writeByte(i);
                expected.writeBytes(parts[i], 0, 50);
            }
            connection.write(Unpooled.wrappedBuffer(parts.length, parts));
            connection.write(Unpooled.buffer(5).writeZero(5));
            ByteBuf frame = connection.receive().await();
            assertThat(frame).isEqualTo(expected);
            frame.release();
            ByteBuf second = connection.receive().await();
            assertThat(second.readableBytes()).isEqualTo(5);
            second.release();
            return connection.finish().await();
        });
        assertThat(serverFailures).isEmpty();
    }
}
