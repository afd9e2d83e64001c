package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** A codec whose peer may refuse, which is a failure and not a violation of the protocol. For the laws, a refusal counts as a violation. */
final class Saying {
    private Saying() {}

    static <R, W> Codec<R, W> no(Class<? extends IOException> refusal, Codec<R, W> codec) {
        return context -> new Session<>() {
            private final Session<R, W> session = codec.open(context);

            @Override
            public @Nullable R opened(Context within) throws IOException {
                return session.opened(within);
            }

            @Override
            public @Nullable R decode(ByteBuf in, Context within) throws IOException {
                int start = in.readerIndex();
                try {
                    return session.decode(in, within);
                } catch (IOException e) {
                    throw broken(e, in.readerIndex() - start);
                }
            }

            @Override
            public @Nullable R inputEnded(ByteBuf rest, Context within) throws IOException {
                try {
                    return session.inputEnded(rest, within);
                } catch (IOException e) { // that the peer has ended too early may be a failure of the network
                    throw e.getClass() == IOException.class
                            ? new ProtocolException(0, String.valueOf(e.getMessage()))
                            : broken(e, 0);
                }
            }

            // The position is the end of the refusal: earlier calls may have consumed its beginning.
            private IOException broken(IOException e, int end) {
                return refusal.isInstance(e) && !(e instanceof ProtocolException)
                        ? new ProtocolException(end, String.valueOf(e.getMessage()))
                        : e;
            }

            @Override
            public void encode(W message, Outgoing out) throws IOException {
                session.encode(message, out);
            }

            @Override
            public void closed() {
                session.closed();
            }
        };
    }
}
