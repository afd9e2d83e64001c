package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** The reader of a ClientHello's server name, as a codec: a connection's only message is that name. */
public final class FuzzedTls {
    private FuzzedTls() {}

    /** The names; "-" if there is none. */
    public static Codec<String, String> names() {
        return context -> new Names();
    }

    private static final class Names implements Session<String, String> {
        private final ClientHello hello = new ClientHello();
        private boolean complete;

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            if (complete) {
                in.skipBytes(in.readableBytes()); // these would be for the engine
                return null;
            }
            try {
                complete = hello.isComplete(in); // consumes nothing
                if (!complete) {
                    return null;
                }
                String name = hello.serverName();
                in.skipBytes(in.readableBytes());
                return name == null ? "-" : name;
            } catch (ClientHello.Refused e) {
                throw new ProtocolException(0, e.getMessage());
            }
        }

        @Override
        public void encode(String name, Outgoing out) {
            throw new IllegalStateException("nothing is written");
        }
    }
}
