package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.testkit.CodecHarness;

/** Tests which refusals of a proxy may not last. */
final class ProxyRefusedTest {
    private static final InetSocketAddress PROXY = InetSocketAddress.createUnresolved("proxy", 3128);
    private static final InetSocketAddress TARGET = InetSocketAddress.createUnresolved("example.com", 443);

    /** Keeps the exceptions that a session throws. */
    private record Noting(Session<ByteBuf, ByteBuf> session, List<ProxyRefusedException> refusals)
            implements Session<ByteBuf, ByteBuf> {
        @Override
        public @Nullable ByteBuf opened(Context context) throws IOException {
            return session.opened(context);
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            try {
                return session.decode(in, context);
            } catch (ProxyRefusedException e) {
                refusals.add(e);
                throw e;
            }
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            throw new AssertionError("nothing is written");
        }
    }

    private static boolean mayPass(ByteLayer proxy, String answer) {
        var refusals = new ArrayList<ProxyRefusedException>();
        ByteLayer noting = context -> new Noting(proxy.open(context), refusals);
        new CodecHarness<>(noting).feed(answer);
        assertThat(refusals).hasSize(1);
        return refusals.getFirst().mayPass();
    }

    @Test
    void an_http_proxy_that_could_not_reach_the_target_or_is_overloaded_may_do_better_later() {
        for (int status : new int[] {502, 503, 504}) {
            assertThat(mayPass(HttpConnect.at(PROXY).to(TARGET), "HTTP/1.1 " + status + " \r\n\r\n"))
                    .as("%d", status)
                    .isTrue();
        }
        for (int status : new int[] {300, 401, 403, 404, 407, 500, 501, 505, 599}) {
            assertThat(mayPass(HttpConnect.at(PROXY).to(TARGET), "HTTP/1.1 " + status + " \r\n\r\n"))
                    .as("%d", status)
                    .isFalse();
        }
    }

    @Test
    void a_socks_proxy_that_could_not_reach_the_target_may_do_better_later() {
        for (int reply = 1; reply <= 9; reply++) {
            String answers = "\5\0\5" + (char) reply + "\0\1\0\0\0\0\0\0";
            assertThat(mayPass(Socks5.at(PROXY).to(TARGET), answers))
                    .as("reply %d", reply)
                    .isEqualTo(reply >= 3 && reply <= 6);
        }
    }
}
