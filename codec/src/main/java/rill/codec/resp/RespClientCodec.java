package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** The client's side of RESP: writes commands and reads replies. */
final class RespClientCodec implements Codec<Reply, Command> {
    /** How commands and replies are matched. */
    enum Pairing {
        /** Each command has one reply. Commands without exactly one are refused, and so are pushes. */
        REPLIES,
        /** Likewise, except that pushes have a consumer. */
        REPLIES_AND_PUSHES,
        /** Any command is written, and every reply is delivered, in the order of the wire. */
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
        if (pairing == Pairing.REPLIES) {
            hello.further().forEach(each -> Unpaired.refuse(each, hello, false));
        }
    }

    @Override
    public int sizeEstimate(Command command) {
        return RespWriter.estimate(command);
    }

    @Override
    public RespClientSession open(Context context) {
        // Where any command may be written, HELLO may be one of them.
        boolean resp3 = hello.version() == RespVersion.RESP3 || pairing == Pairing.NONE;
        return new RespClientSession(this, new ReplyReader(options, unfinished, resp3));
    }

    /** Makes a counter for replies that are kept by a layer above. */
    Unfinished.Kept keeping() {
        return new Unfinished.Kept(unfinished);
    }

    /** What the unfinished replies of all connections take. */
    long unfinished() {
        return unfinished.taken();
    }

    static final class RespClientSession implements Session<Reply, Command> {
        private final RespClientCodec codec;
        private final ReplyReader reader;
        private @Nullable Greeting greeting; // null once all of it was answered
        private @Nullable RespServer server;
        private boolean spokenTo; // the server has sent something

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
            int start = in.readerIndex();
            @Nullable Reply reply = reader.read(in, context);
            int end = in.readerIndex() - start;
            if (reply == null) {
                if (reader.missing > 0) {
                    context.needMore(reader.missing);
                }
                return null;
            }
            boolean push = Reply.isPush(reply);
            if (push && codec.pairing == Pairing.REPLIES) {
                throw new ProtocolException(
                        end,
                        "a push (" + ((Reply.Push) Reply.plain(reply)).kind()
                                + "), and nobody takes pushes: give Resp.client somebody who does");
            }
            if (!spokenTo) {
                spokenTo = true;
                requireWelcome(reply);
            }
            if (greeting != null && !push) {
                greet(greeting, reply, end, context);
                return null;
            }
            return reply;
        }

        /** A server's first message may be a refusal of this client, independent of any command already sent. */
        private void requireWelcome(Reply reply) throws RespException {
            if (codec.pairing != Pairing.NONE
                    && greeting == null
                    && reply instanceof Reply.Failed refusal
                    && RespException.refusesConnection(refusal)) {
                throw new RespException(refusal, "the server has refused the connection: ");
            }
        }

        /** What the last reply takes on the heap, approximately. */
        long cost() {
            return reader.cost();
        }

        private void greet(Greeting current, Reply reply, int end, Context context) throws IOException {
            try {
                if (current.answered(reply, end, context)) {
                    server = current.server();
                    greeting = null;
                }
            } finally {
                Resp.release(reply);
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
