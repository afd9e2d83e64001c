package rill.bench.program;

import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.util.List;

/** {@link NettyEcho} behind an {@code SslHandler}. Options: those of NettyEcho, and the provider of the engine, {@code JDK} or {@code OPENSSL}. */
public final class NettyTlsEcho implements Server {
    /** Created by {@link ServerMain}. */
    public NettyTlsEcho() {}

    @Override
    public int listen(List<String> options) throws Exception {
        SslProvider provider = SslProvider.valueOf(options.get(2));
        if (provider == SslProvider.OPENSSL && !OpenSsl.isAvailable()) {
            throw new UnavailableException("tcnative: " + OpenSsl.unavailabilityCause());
        }
        ServerKey key = ServerKey.load();
        SslContext tls = SslContextBuilder.forServer(key.key(), key.chain().toArray(X509Certificate[]::new))
                .sslProvider(provider)
                .protocols("TLSv1.3")
                .build();
        return NettyEcho.listen(options, channel -> new ChannelHandler[] {tls.newHandler(channel.alloc())});
    }
}
