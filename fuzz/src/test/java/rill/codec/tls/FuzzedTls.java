package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.fuzz.Within;
import rill.spi.SeededRandom;
import rill.testkit.Authority;

/** What of TLS is read without keys: the server name in a ClientHello, and handshakes up to the first record that is encrypted. */
public final class FuzzedTls {
    private static final Authority AUTHORITY = Authority.create();
    private static final TlsServer SERVER = Tls.server(identity());
    private static final TlsClient CLIENT = Tls.client().trust(List.of(AUTHORITY.certificate()));

    private FuzzedTls() {}

    /** With a key of Ed25519, handshakes with the same randomness are the same to the byte. */
    private static Identity identity() {
        Authority.Issued issued = AUTHORITY.issue(Authority.Wish.usual().kind("Ed25519"), "a.test");
        return Identity.of(issued.key(), issued.chain());
    }

    /** A server's session, with the same randomness each time, so that what it answers is the same. It delivers nothing. */
    public static ByteLayer server() {
        return context -> new Shaking(SERVER, new Simulated(context));
    }

    /** Likewise, a client's. */
    public static ByteLayer client() {
        return context -> new Shaking(CLIENT, new Simulated(context));
    }

    private static final class Simulated extends Within {
        private final Map<Class<?>, Object> shared = new HashMap<>();
        private final SeededRandom random = new SeededRandom(new Random(1));
        private boolean worked;

        Simulated(Context context) {
            super(context);
        }

        @Override
        public RandomGenerator random() {
            return random;
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            return type.cast(shared.computeIfAbsent(type, first -> maker.get()));
        }

        @Override
        public void runBlocking(Runnable work) {
            work.run();
            worked = true;
        }
    }

    private static final class Shaking implements Session<ByteBuf, ByteBuf> {
        private final Session<ByteBuf, ByteBuf> session;
        private final Simulated context;

        Shaking(ByteLayer tls, Simulated context) {
            this.session = tls.open(context);
            this.context = context;
        }

        @Override
        public @Nullable ByteBuf opened(Context same) throws IOException {
            ByteBuf plain = session.opened(context);
            return context.worked ? decode(Unpooled.EMPTY_BUFFER, same) : plain;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context same) throws IOException {
            try {
                ByteBuf plain;
                do { // work elsewhere is done at once, and then the session is called again
                    context.worked = false;
                    plain = session.decode(in, context);
                } while (context.worked);
                return plain;
            } catch (IOException e) {
                throw apartFromText(e);
            }
        }

        /** A failure may quote what is no TLS, as far as it has come. */
        private static IOException apartFromText(IOException e) {
            return String.valueOf(e.getMessage()).contains("does not speak TLS") ? new IOException("not TLS", e) : e;
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context same) throws IOException {
            return session.inputEnded(rest, context);
        }

        @Override
        public void encode(ByteBuf bytes, Outgoing out) throws IOException {
            session.encode(bytes, out);
        }

        @Override
        public void closed() {
            session.closed();
        }
    }

    /** The names, as a codec: a connection's only message is that name; "-" if there is none. */
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
