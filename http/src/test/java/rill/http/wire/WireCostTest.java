package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.testkit.BareContext;
import rill.testkit.CodecHarness;

/** Tests what reading and writing allocate: the message, and nothing else. Counted, not timed. */
@Tag("slow")
class WireCostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Context CONTEXT = new BareContext();
    private static final HttpFields HOST = HttpFields.of("Host", "example.org");

    /** The size of a head: its object, its fields, and the headers of its two arrays. */
    private static final int HEAD = 40 + 48 + 16 + 16;

    private static ByteBuf direct(int size) {
        return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static double allocatedPerRun(Work work) throws IOException {
        for (int i = 0; i < 20_000; i++) {
            work.run();
        }
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
            work.run();
        }
        long all = THREADS.getCurrentThreadAllocatedBytes() - before;
        return Math.floor(all / 10_000.0); // a few bytes are allocated once, by the JVM itself
    }

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
    void a_request_and_its_answer_allocate_the_request_alone() throws IOException {
        String request =
                "GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\nX-Own: y\r\nAccept: */*\r\n\r\n";
        Session<RequestEvent, ResponseEvent> session =
                HttpWire.serverCodec(HttpLimits.defaults()).open(CONTEXT);
        ByteBuf in = direct(request.length()).writeBytes(CodecHarness.ascii(request));
        ByteBuf buffer = direct(1024);
        var out = new OneBuffer(buffer);
        ResponseHead answer = ResponseHead.of(200, HttpFields.of("Content-Type", "text/plain"))
                .content(CodecHarness.ascii("hello, world!"));
        double allocated = allocatedPerRun(() -> {
            in.readerIndex(0);
            buffer.clear();
            if (session.decode(in, CONTEXT) == null || in.isReadable()) {
                throw new AssertionError("not decoded");
            }
            session.encode(answer, out);
        });
        int content = (request.length() + 7) / 8 * 8 + 4 * Long.BYTES;
        assertThat(allocated).isLessThanOrEqualTo(HEAD + content);
        in.release();
        buffer.release();
    }

    @Test
    void a_response_and_its_request_allocate_the_response_alone() throws IOException {
        String response = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n";
        Session<ResponseEvent, RequestEvent> session =
                HttpWire.clientCodec(HttpLimits.defaults()).open(CONTEXT);
        ByteBuf in = direct(response.length()).writeBytes(CodecHarness.ascii(response));
        ByteBuf buffer = direct(1024);
        var out = new OneBuffer(buffer);
        RequestHead request = RequestHead.of("GET", "/index.html", HOST);
        double allocated = allocatedPerRun(() -> {
            in.readerIndex(0);
            buffer.clear();
            session.encode(request, out);
            if (session.decode(in, CONTEXT) == null || in.isReadable()) {
                throw new AssertionError("not decoded");
            }
        });
        int content = (response.length() + 7) / 8 * 8 + 3 * Long.BYTES;
        assertThat(allocated).isLessThanOrEqualTo(HEAD + 40 + content);
        in.release();
        buffer.release();
    }

    /** A buffer that counts the bytes that are read from it. */
    private static final class Counting extends UnpooledDirectByteBuf {
        private long looked;

        Counting(int size) {
            super(UnpooledByteBufAllocator.DEFAULT, size, size);
        }

        @Override
        public long getLongLE(int index) {
            looked += Long.BYTES;
            return super.getLongLE(index);
        }

        @Override
        public byte getByte(int index) {
            looked++;
            return super.getByte(index);
        }

        @Override
        public ByteBuf readBytes(byte[] to, int index, int length) {
            looked += length;
            return super.readBytes(to, index, length);
        }
    }

    @Test
    void a_head_that_comes_byte_by_byte_is_not_looked_at_again_and_again() throws IOException {
        String request = "GET / HTTP/1.1\r\nHost: example.org\r\n" + ("X-Own: " + "y".repeat(90) + "\r\n").repeat(80);
        Session<RequestEvent, ResponseEvent> session =
                HttpWire.serverCodec(HttpLimits.defaults()).open(CONTEXT);
        var in = new Counting(request.length());
        for (byte each : CodecHarness.ascii(request)) {
            in.writeByte(each);
            assertThat(session.decode(in, CONTEXT)).isNull();
        }
        assertThat(in.looked).isLessThan(8L * request.length());
        in.release();
    }
}
