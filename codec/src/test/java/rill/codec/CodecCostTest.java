package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.codec.QuietContext.CONTEXT;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Codec;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespCodecs;
import rill.codec.resp.RespOptions;
import rill.testkit.CodecHarness;

/** The cost of decoding and encoding: bytes allocated, and bytes examined. Counted, not timed. */
final class CodecCostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static ByteBuf direct(int size) {
        return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    /** Code to be measured. */
    private interface Work {
        void run() throws IOException;
    }

    private static long allocated(Work work) throws IOException {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        work.run();
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Returns the bytes that one run allocates on average, after a warm-up. */
    private static double allocatedPerRun(Work work) throws IOException {
        for (int i = 0; i < 20_000; i++) {
            work.run();
        }
        long all = allocated(() -> {
            for (int i = 0; i < 10_000; i++) {
                work.run();
            }
        });
        return all / 10_000.0;
    }

    private static <R> Work decoding(Codec<R, ?> codec, String bytes) {
        Session<R, ?> session = codec.open(CONTEXT);
        ByteBuf in = direct(bytes.length());
        in.writeBytes(CodecHarness.ascii(bytes));
        return () -> {
            in.readerIndex(0);
            if (session.decode(in, CONTEXT) == null || in.isReadable()) {
                throw new AssertionError("not decoded");
            }
        };
    }

    private static <W> Work encoding(Codec<?, W> codec, W message) {
        Session<?, W> session = codec.open(CONTEXT);
        ByteBuf buffer = direct(1024);
        var out = new OneBuffer(buffer);
        return () -> {
            buffer.clear();
            session.encode(message, out);
        };
    }

    /** An output in which all bytes go into one buffer. */
    private record OneBuffer(ByteBuf buffer) implements Outgoing {
        @Override
        public ByteBuf buffer(int atLeast) {
            return buffer;
        }

        @Override
        public void pass(ByteBuf payload) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void common_replies_and_commands_allocate_nothing() throws IOException {
        Codec<Reply, Command> client = RespCodecs.client(RespOptions.defaults());
        Codec<Command, Reply> server = RespCodecs.server(RespOptions.defaults());
        assertThat(allocatedPerRun(decoding(client, "+OK\r\n"))).isLessThan(1);
        assertThat(allocatedPerRun(decoding(client, "+PONG\r\n"))).isLessThan(1);
        assertThat(allocatedPerRun(decoding(client, ":1000\r\n"))).isLessThan(1);
        assertThat(allocatedPerRun(decoding(client, "$-1\r\n"))).isLessThan(1);
        assertThat(allocatedPerRun(
                        encoding(client, Command.of("SET", "key:000001").with(new byte[50]))))
                .isLessThan(1);
        assertThat(allocatedPerRun(encoding(client, Command.of("MGET", "a-longer-key", "1234567"))))
                .isLessThan(1);
        assertThat(allocatedPerRun(encoding(server, Reply.OK))).isLessThan(1);
        assertThat(allocatedPerRun(encoding(server, Reply.of(-1_234_567_890L)))).isLessThan(1);
        assertThat(allocatedPerRun(encoding(server, Reply.bulk("hello")))).isLessThan(1);
    }

    @Test
    void other_messages_allocate_themselves_alone() throws IOException {
        Codec<Reply, Command> client = RespCodecs.client(RespOptions.defaults());
        Codec<Command, Reply> server = RespCodecs.server(RespOptions.defaults());
        assertThat(allocatedPerRun(decoding(client, "$5\r\nhello\r\n"))).isLessThanOrEqualTo(16 + 24);
        assertThat(allocatedPerRun(decoding(server, "*2\r\n$3\r\nGET\r\n$5\r\nhello\r\n")))
                .isLessThanOrEqualTo(16 + 24 + 24);
        assertThat(allocatedPerRun(decoding(LengthField.ofBytes(4), "\0\0\0\5hello")))
                .isLessThanOrEqualTo(64);
        assertThat(allocatedPerRun(decoding(Lines.of(), "hello\r\n"))).isLessThanOrEqualTo(64);
    }

    @Test
    void a_length_that_says_a_gigabyte_with_nine_bytes_sent_allocates_nothing() throws IOException {
        RespOptions limits = RespOptions.defaults().bulkBytes(1 << 30).elements(1 << 30);
        assertUnfinishedIsCheap(LengthField.ofBytes(4).unlimited(), "@\0\0\0abcde");
        assertUnfinishedIsCheap(LengthField.varint().unlimited(), "\u0080\u0080\u0080\u0080\4abcd");
        assertUnfinishedIsCheap(FixedLength.of(1 << 30), "abcdefghi");
        assertUnfinishedIsCheap(RespCodecs.client(limits), "$1073741823\r\n");
        assertUnfinishedIsCheap(RespCodecs.client(limits), "*1000000000\r\n");
        assertUnfinishedIsCheap(RespCodecs.server(limits), "*1000000000\r\n$1073741823\r\n");
    }

    @Test
    void a_huge_array_within_the_default_limits_with_nothing_after_it_allocates_nothing() throws IOException {
        assertUnfinishedIsCheap(RespCodecs.client(RespOptions.defaults()), "*32767\r\n".repeat(32));
        assertUnfinishedIsCheap(RespCodecs.client(RespOptions.defaults()), "*1048576\r\n");
        assertUnfinishedIsCheap(RespCodecs.server(RespOptions.defaults()), "*1048576\r\n");
    }

    private static <R> void assertUnfinishedIsCheap(Codec<R, ?> codec, String bytes) throws IOException {
        ByteBuf in = direct(bytes.length());
        in.writeBytes(CodecHarness.ascii(bytes));
        assertThat(codec.open(CONTEXT).decode(in.duplicate(), CONTEXT)).isNull(); // loads the classes
        assertThat(allocated(() -> codec.open(CONTEXT).decode(in, CONTEXT))).isLessThan(16 * 1024);
        assertThat(in.release()).isTrue();
    }

    // ---- no quadratic rescans

    /** A buffer that counts the bytes that are read from it. */
    private static final class Counting extends UnpooledHeapByteBuf {
        long looks;

        Counting(byte[] bytes) {
            super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes.length);
        }

        @Override
        public byte getByte(int index) {
            looks++;
            return super.getByte(index);
        }

        @Override
        protected byte _getByte(int index) {
            looks++;
            return super._getByte(index);
        }

        @Override
        public int getInt(int index) {
            looks += 4;
            return super.getInt(index);
        }

        @Override
        protected long _getLong(int index) {
            looks += 8;
            return super._getLong(index);
        }

        @Override
        protected long _getLongLE(int index) {
            looks += 8;
            return super._getLongLE(index);
        }

        @Override
        public ByteBuf getBytes(int index, byte[] bytes) {
            looks += bytes.length;
            return super.getBytes(index, bytes);
        }
    }

    /** Feeds a stream byte by byte and returns how often each byte was examined on average. */
    private static <R> double looksPerByte(Codec<R, ?> codec, String bytes, int messages) throws IOException {
        var in = new Counting(CodecHarness.ascii(bytes));
        Session<R, ?> session = codec.open(CONTEXT);
        int count = 0;
        for (int end = 1; end <= bytes.length(); end++) {
            in.writerIndex(end);
            count += session.decode(in, CONTEXT) == null ? 0 : 1;
        }
        assertThat(count).isEqualTo(messages);
        assertThat(in.release()).isTrue();
        return in.looks / (double) bytes.length();
    }

    @Test
    void nothing_is_scanned_twice_however_slowly_it_comes() throws IOException {
        String long200k = "x".repeat(200_000);
        RespOptions limits = RespOptions.defaults().lineBytes(1 << 20);
        assertThat(looksPerByte(Lines.of().unlimited(), long200k + "\r\n", 1)).isLessThan(16);
        assertThat(looksPerByte(Delimited.by("xxxxxxxxxy").unlimited(), long200k + "y", 1))
                .isLessThan(16);
        assertThat(looksPerByte(RespCodecs.client(limits), "+" + long200k + "\r\n", 1))
                .isLessThan(16);
        assertThat(looksPerByte(RespCodecs.server(limits), "x" + long200k + "\r\n", 1))
                .isLessThan(16);
        // A header of a few bytes is read again each time; what follows it is not.
        assertThat(looksPerByte(RespCodecs.client(limits), "$200000\r\n" + long200k + "\r\n", 1))
                .isLessThan(32);
        assertThat(looksPerByte(LengthField.ofBytes(4), "\0\3\r@" + long200k, 1))
                .isLessThan(16);
    }

    @Test
    @Tag("slow")
    void the_beginning_of_an_array_is_not_read_again_for_each_of_its_elements() throws IOException {
        String elements = ":1\r\n$3\r\nabc\r\n".repeat(50_000);
        assertThat(looksPerByte(RespCodecs.client(RespOptions.defaults()), "*100000\r\n" + elements, 1))
                .isLessThan(16);
        String parts = "$3\r\nabc\r\n".repeat(100_000);
        assertThat(looksPerByte(RespCodecs.server(RespOptions.defaults()), "*100000\r\n" + parts, 1))
                .isLessThan(16);
    }

    @Test
    void a_nesting_bomb_costs_no_more_than_its_depth() throws IOException {
        ByteBuf in = direct(400_000);
        in.writeBytes(CodecHarness.ascii("*1\r\n".repeat(100_000)));
        assertThat(allocated(() -> {
                    try {
                        RespCodecs.client(RespOptions.defaults()).open(CONTEXT).decode(in, CONTEXT);
                    } catch (ProtocolException expected) {
                        assertThat(expected.violation()).contains("deep");
                    }
                }))
                .isLessThan(256 * 1024);
        assertThat(in.release()).isTrue();
    }
}
