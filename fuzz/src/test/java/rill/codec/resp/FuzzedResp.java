package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.codec.resp.RespClientCodec.Pairing;

/** RESP codecs without a pipeline around them. */
public final class FuzzedResp {
    private static final RespOptions LIMITS = RespOptions.defaults()
            .bulkBytes(50)
            .elements(12)
            .depth(3)
            .lineBytes(20)
            .messageBytes(700);

    private FuzzedResp() {}

    /** A client of RESP 2, with one reply for each command. */
    public static Codec<Reply, Command> client() {
        return new RespClientCodec(LIMITS, Hello.resp2(), Pairing.REPLIES);
    }

    /** A client that understands both versions. */
    public static Codec<Reply, Command> ofBothVersions() {
        return new RespClientCodec(LIMITS, Hello.resp2(), Pairing.NONE);
    }

    /** A client that begins with HELLO. */
    public static Codec<Reply, Command> greeting() {
        return new RespClientCodec(LIMITS, Hello.resp3(), Pairing.REPLIES);
    }

    /** A client that is handed values of more than a few bytes in the buffers they arrived in. */
    public static Codec<Reply, Command> handingOut() {
        return new RespClientCodec(LIMITS.handOut(10), Hello.resp2(), Pairing.NONE);
    }

    /** A client that begins with HELLO, has sent batches of two commands, of one and of three, and takes pushes. */
    public static Codec<List<Reply>, List<Command>> batches() {
        var codec = new RespBatchCodec(new RespClientCodec(LIMITS, Hello.resp3(), Pairing.REPLIES_AND_PUSHES));
        return context -> new Asked(codec.open(context));
    }

    private record Asked(Session<List<Reply>, List<Command>> session) implements Session<List<Reply>, List<Command>> {
        @Override
        public @Nullable List<Reply> opened(Context context) throws IOException {
            List<Reply> first = session.opened(context);
            for (int commands : new int[] {2, 1, 3}) {
                session.encode(Collections.nCopies(commands, Command.of("PING")), context.out());
            }
            return first;
        }

        @Override
        public @Nullable List<Reply> decode(ByteBuf in, Context context) throws IOException {
            return session.decode(in, context);
        }

        @Override
        public @Nullable List<Reply> inputEnded(ByteBuf rest, Context context) throws IOException {
            return session.inputEnded(rest, context);
        }

        @Override
        public void encode(List<Command> batch, Outgoing out) throws IOException {
            session.encode(batch, out);
        }

        @Override
        public void closed() {
            session.closed();
        }
    }

    /** A server. */
    public static Codec<Command, Reply> server() {
        return new RespServerCodec(LIMITS);
    }
}
