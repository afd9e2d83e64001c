package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** Writes a header of the PROXY protocol before everything else, and passes on what it receives. */
final class ProxyClientSession extends Passage {
    private final ProxyInfo header;

    ProxyClientSession(ProxyInfo header) {
        this.header = header;
        passOn();
    }

    @Override
    public @Nullable ByteBuf opened(Context context) {
        byte[] bytes = header.version() == 1
                ? HeaderV1.write(header).getBytes(StandardCharsets.US_ASCII)
                : HeaderV2.write(header);
        context.out().buffer(bytes.length).writeBytes(bytes);
        return null;
    }

    @Override
    boolean settle(ByteBuf in, Context context) {
        throw new AssertionError("there is nothing to settle");
    }

    @Override
    @Nullable
    ByteBuf endedEarly(ByteBuf rest, Context context) {
        throw new AssertionError("there is nothing to settle");
    }
}
