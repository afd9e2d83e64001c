package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.ByteLayer;
import rill.Outgoing;
import rill.Session;
import rill.testkit.CodecHarness;

/** A layer that has done its work costs no more than a call: counted, not timed. */
final class ProxyCostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final InetSocketAddress HERE = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 1);

    /** Returns a session that has read this beginning and now passes bytes on. */
    private static Session<ByteBuf, ByteBuf> after(ByteLayer layer, String beginning) {
        var opened = new ArrayList<Session<ByteBuf, ByteBuf>>();
        ByteLayer noting = context -> {
            opened.add(layer.open(context));
            return opened.getFirst();
        };
        var outcome = new CodecHarness<>(noting).feed(beginning + "x").outcome();
        assertThat(outcome.messages()).containsExactly("x");
        return opened.getFirst();
    }

    /** A buffer that is copied without allocating other objects. */
    private static ByteBuf heap() {
        return new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, 1024, 1024);
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

    private static void assertCostsNothing(ByteLayer layer, String beginning) throws IOException {
        Session<ByteBuf, ByteBuf> session = after(layer, beginning);
        ByteBuf in = heap().writeZero(1024);
        ByteBuf written = heap();
        var out = new OneBuffer(written);
        for (int i = 0; i < 20_000; i++) {
            once(session, in, out);
        }
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
            once(session, in, out);
        }
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
        in.release();
        written.release();
    }

    @SuppressWarnings("NullAway") // it no longer asks for anything, so there is no Context
    private static void once(Session<ByteBuf, ByteBuf> session, ByteBuf in, OneBuffer out) throws IOException {
        @Nullable ByteBuf passed = session.decode(in, null);
        if (passed != in) {
            throw new AssertionError("not passed on as it is");
        }
        out.buffer.clear();
        session.encode(in, out);
    }

    @Test
    void nothing_is_allocated_once_the_beginning_is_over() throws IOException {
        assertCostsNothing(Socks5.at(HERE).to(HERE), "\5\0\5\0\0\1\0\0\0\0\0\0");
        assertCostsNothing(HttpConnect.at(HERE).to(HERE), "HTTP/1.1 200 OK\r\n\r\n");
        for (ByteLayer layer : List.of(
                ProxyProtocol.server(peer -> true),
                ProxyProtocol.server(peer -> true).anybodyWithoutHeader())) {
            assertCostsNothing(layer, "PROXY UNKNOWN\r\n");
        }
        assertCostsNothing(ProxyProtocol.server(peer -> false).strangersWithoutHeader(), "");
        assertCostsNothing(ProxyProtocol.client(ProxyInfo.v2Local()), "");
    }
}
