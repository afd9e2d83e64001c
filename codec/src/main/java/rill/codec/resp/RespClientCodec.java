package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** The client's side of RESP: commands are written, replies read. */
final class RespClientCodec implements Codec<Reply, Command> {
    /** What becomes of commands and replies. */
    enum Pairing {
        /** Each command has one reply, so those that have not are refused, and so is what answers none. */
        REPLIES,
        /** Likewise, but for pushes, which somebody takes. */
        REPLIES_AND_PUSHES,
        /** Any command is written, and any reply is given, in the order of the wire. */
        NONE
    }

    private final RespOptions options;
    private final Hello hello;
    private final Pairing pairing;
    private final Unfinished unfinished;

    RespClientCodec(RespOptions options, Hello hello, Pairing pairing) {
        this.options = options;
        this.hello = hello;
        this.pairing = pairing;
        this.unfinished = new Unfinished(options.unfinishedBytes());
    }

    @Override
    public int sizeEstimate(Command command) {
        return RespWriter.estimate(command);
    }

    @Override
    public Session<Reply, Command> open(Context context) {
        // Where any command is written, HELLO is one of them.
        boolean resp3 = hello.version() == RespVersion.RESP3 || pairing == Pairing.NONE;
        return new RespClientSession(this, new ReplyReader(options, unfinished, resp3));
    }

    /** What the unfinished replies of all connections take. */
    long unfinished() {
        return unfinished.taken();
    }

    private static final class RespClientSession implements Session<Reply, Command> {
        private final RespClientCodec codec;
        private final ReplyReader reader;
        private @Nullable Greeting greeting; // until it is over
        private @Nullable RespServer server;

        RespClientSession(RespClientCodec codec, ReplyReader reader) {
            this.codec = codec;
            this.reader = reader;
        }

        @Override
        public @Nullable Reply opened(Context context) {
            greeting = Greeting.begin(codec.hello, context);
            return null;
        }

        @Override
        public @Nullable Reply decode(ByteBuf in, Context context) throws IOException {
            @Nullable Reply reply = reader.read(in, context);
            if (reply == null) {
                if (reader.missing > 0) {
                    context.needMore(reader.missing);
                }
                return null;
            }
            if (greeting != null) {
                greet(greeting, reply, context);
                return null;
            }
            if (codec.pairing == Pairing.REPLIES && Reply.isPush(reply)) {
                throw new ProtocolException("a push (" + ((Reply.Push) Reply.plain(reply)).kind()
                        + "), and nobody takes pushes: give Resp.client somebody who does");
            }
            return reply;
        }

        private void greet(Greeting current, Reply reply, Context context) throws IOException {
            if (current.answered(reply, context)) {
                server = current.server();
                greeting = null;
            }
        }

        @Override
        public void encode(Command command, Outgoing out) {
            if (codec.pairing != Pairing.NONE) {
                Unpaired.refuse(command, codec.hello, codec.pairing == Pairing.REPLIES_AND_PUSHES);
            }
            RespWriter.write(command, out);
        }

        @Override
        public @Nullable Reply inputEnded(ByteBuf rest, Context context) throws IOException {
            if (rest.isReadable() || reader.withinMessage()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within a reply");
            }
            if (greeting != null) {
                throw greeting.ended();
            }
            context.end();
            return null;
        }

        @Override
        public @Nullable Object info() {
            return server;
        }

        @Override
        public void closed() {
            reader.giveBack();
        }
    }
}
