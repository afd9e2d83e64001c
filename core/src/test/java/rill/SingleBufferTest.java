package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.testing.Loops;

/** Rill's own buffers behave as Netty's do: the same operations on both leave both in the same state. */
class SingleBufferTest {
    private static final int CAPACITY = 256;

    private final Loops loops = Loops.manual();
    private final Buffers pool = loops.open().buffers();

    @TempDir
    Path folder;

    enum Kind {
        CHUNK,
        HEAP
    }

    @AfterEach
    void close() {
        loops.close();
    }

    private ByteBuf make(Kind kind) {
        return kind == Kind.HEAP ? new HeapBuffer(CAPACITY) : new Chunk(pool, CAPACITY);
    }

    @ParameterizedTest
    @EnumSource
    void numbers_are_laid_out_as_netty_has_them(Kind kind) {
        List<Consumer<ByteBuf>> writes = List.of(
                b -> b.setByte(3, 0x81),
                b -> b.setShort(3, 0x8182),
                b -> b.setShortLE(3, 0x8182),
                b -> b.setMedium(3, 0x818283),
                b -> b.setMediumLE(3, 0x818283),
                b -> b.setInt(3, 0x81828384),
                b -> b.setIntLE(3, 0x81828384),
                b -> b.setLong(3, 0x8182838485868788L),
                b -> b.setLongLE(3, 0x8182838485868788L));
        List<ToLongFunction<ByteBuf>> reads = List.of(
                b -> b.getByte(3),
                b -> b.getShort(3),
                b -> b.getShortLE(3),
                b -> b.getMedium(3),
                b -> b.getMediumLE(3),
                b -> b.getInt(3),
                b -> b.getIntLE(3),
                b -> b.getLong(3),
                b -> b.getLongLE(3));
        ByteBuf ours = make(kind).setZero(0, CAPACITY);
        ByteBuf theirs = Unpooled.buffer(CAPACITY);
        for (Consumer<ByteBuf> write : writes) {
            write.accept(ours);
            write.accept(theirs);
            assertThat(bytes(ours)).isEqualTo(bytes(theirs));
            for (ToLongFunction<ByteBuf> read : reads) {
                assertThat(read.applyAsLong(ours)).isEqualTo(read.applyAsLong(theirs));
            }
        }
        assertThat(ours.release()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void bytes_come_and_go_whatever_is_on_the_other_side(Kind kind) {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        byte[] content = new byte[CAPACITY];
        random.nextBytes(content);
        ByteBuf ours = make(kind).writeBytes(content);
        List<Function<byte[], ByteBuf>> others = List.of(
                Unpooled::copiedBuffer,
                b -> Unpooled.directBuffer().writeBytes(b),
                b -> new HeapBuffer(b.length).writeBytes(b),
                b -> new Chunk(pool, b.length).writeBytes(b),
                b -> slice(new Chunk(pool, b.length + 7), b),
                b -> slice(Unpooled.buffer(b.length + 7), b),
                b -> Unpooled.wrappedBuffer(
                        Unpooled.copiedBuffer(b, 0, b.length / 2),
                        Unpooled.copiedBuffer(b, b.length / 2, b.length - b.length / 2)));
        for (Function<byte[], ByteBuf> other : others) {
            int from = random.nextInt(CAPACITY);
            int to = random.nextInt(CAPACITY);
            int length = random.nextInt(CAPACITY - Math.max(from, to) + 1);
            byte[] initial = new byte[CAPACITY];
            random.nextBytes(initial);
            ByteBuf target = other.apply(initial.clone());
            ours.getBytes(from, target, to, length);
            System.arraycopy(content, from, initial, to, length);
            assertThat(bytes(target)).as("seed %d", seed).isEqualTo(initial);

            random.nextBytes(initial);
            target.setBytes(0, initial);
            ours.setBytes(from, target, to, length);
            System.arraycopy(initial, to, content, from, length);
            assertThat(bytes(ours)).as("seed %d", seed).isEqualTo(content);
            target.release();
        }
        ours.release();
    }

    /** A part of a longer buffer, with this content. */
    private static ByteBuf slice(ByteBuf longer, byte[] content) {
        return longer.setBytes(5, content).slice(5, content.length);
    }

    @ParameterizedTest
    @EnumSource
    void bytes_come_and_go_by_arrays_nio_buffers_streams_and_channels(Kind kind) throws IOException {
        byte[] content = new byte[CAPACITY];
        new Random(1).nextBytes(content);
        ByteBuf ours = make(kind);

        ours.setBytes(0, content, 0, 100).setBytes(100, ByteBuffer.wrap(content, 100, 100));
        assertThat(ours.setBytes(200, new ByteArrayInputStream(content, 200, 56), 56))
                .isEqualTo(56);
        assertThat(bytes(ours)).isEqualTo(content);
        assertThat(ours.setBytes(0, new ByteArrayInputStream(content, 0, 0), 9)).isEqualTo(-1);

        byte[] copy = new byte[CAPACITY];
        ours.getBytes(0, copy, 0, 100);
        ByteBuffer rest = ByteBuffer.wrap(copy, 100, 156);
        ours.getBytes(100, rest);
        assertThat(rest.hasRemaining()).isFalse();
        assertThat(copy).isEqualTo(content);
        var stream = new ByteArrayOutputStream();
        ours.getBytes(1, stream, 20);
        assertThat(stream.toByteArray()).isEqualTo(Arrays.copyOfRange(content, 1, 21));

        Path file = folder.resolve("bytes");
        try (var channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThat(ours.getBytes(10, channel, 90)).isEqualTo(90);
            assertThat(ours.getBytes(100, channel, 90L, 156)).isEqualTo(156);
            ours.setZero(0, CAPACITY);
            assertThat(ours.setBytes(10, channel.position(0), 90)).isEqualTo(90);
            assertThat(ours.setBytes(100, channel, 90L, 156)).isEqualTo(156);
            assertThat(ours.getByte(200)).isEqualTo(content[200]);
            assertThat(Files.size(file)).isEqualTo(246);
        }
        FileChannel closed = FileChannel.open(file);
        closed.close();
        assertThat(ours.setBytes(0, (ScatteringByteChannel) closed, 1)).isEqualTo(-1);
        assertThat(ours.setBytes(0, closed, 0L, 1)).isEqualTo(-1);
        try (ReadableByteChannel in = Channels.newChannel(new ByteArrayInputStream(content))) {
            assertThat(in.read(ours.internalNioBuffer(0, CAPACITY))).isEqualTo(CAPACITY);
        }
        assertThat(ours.nioBuffer(3, 4)).isEqualTo(ByteBuffer.wrap(content, 3, 4));
        assertThat(ours.nioBuffers(3, 4)).containsExactly(ByteBuffer.wrap(content, 3, 4));
        ByteBuf independent = ours.copy(3, 4);
        ours.setZero(0, CAPACITY);
        assertThat(bytes(independent)).isEqualTo(Arrays.copyOfRange(content, 3, 7));
        independent.release();
        ours.release();
    }

    @ParameterizedTest
    @EnumSource
    void a_buffer_grows_when_more_is_written_and_shrinks_when_told(Kind kind) {
        ByteBuf ours = make(kind);
        byte[] content = new byte[10 * CAPACITY];
        new Random(2).nextBytes(content);
        ours.writeBytes(content);
        assertThat(ours.readSlice(content.length)).isEqualTo(Unpooled.wrappedBuffer(content));

        ours.capacity(100);
        assertThat(ours.capacity()).isEqualTo(100);
        assertThat(ours.readerIndex()).isEqualTo(100);
        assertThat(bytes(ours)).isEqualTo(Arrays.copyOf(content, 100));
        assertThat(ours.hasMemoryAddress()).isEqualTo(kind == Kind.CHUNK);
        assertThat(ours.hasArray()).isEqualTo(kind == Kind.HEAP);
        ours.release();
    }

    @ParameterizedTest
    @EnumSource
    void references_are_counted_and_a_mistake_with_them_is_an_exception(Kind kind) {
        ByteBuf ours = make(kind);
        ByteBuf slice = ours.writeInt(7).retainedSlice();
        assertThat(ours.refCnt()).isEqualTo(2);
        assertThatThrownBy(() -> ours.release(3)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.release(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.retain(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.retain(Integer.MAX_VALUE)).isInstanceOf(IllegalReferenceCountException.class);
        assertThat(ours.release()).isFalse();
        assertThat(slice.retain().release(2)).isTrue();
        assertThat(ours.refCnt()).isZero();
        assertThatThrownBy(ours::release).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(ours::retain).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.getInt(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.getBytes(0, new byte[1])).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.nioBuffer(0, 1)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.internalNioBuffer(0, 1)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.capacity(1)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> ours.capacity(2 * CAPACITY)).isInstanceOf(IllegalReferenceCountException.class);
    }

    @ParameterizedTest
    @EnumSource
    void what_is_out_of_bounds_is_refused(Kind kind) {
        ByteBuf ours = make(kind);
        ByteBuf small = new HeapBuffer(4);
        assertThatThrownBy(() -> ours.getInt(CAPACITY - 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.setLong(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.getBytes(0, small, 1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.setBytes(0, small, 1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.nioBuffer(0, CAPACITY + 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.internalNioBuffer(1, CAPACITY)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ours.capacity(-1)).isInstanceOf(IllegalArgumentException.class);
        ours.release();
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] all = new byte[buffer.capacity()];
        for (int i = 0; i < all.length; i++) {
            all[i] = buffer.getByte(i);
        }
        return all;
    }
}
