package rill.codec;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Actions;
import rill.Codec;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.SessionContext;

/** The client's side of RESP: commands are written, replies read. */
record RespClientCodec(RespLimits limits) implements Codec<Reply, Command> {
    @Override
    public int sizeEstimate(Command command) {
        return RespWriter.estimate(command);
    }

    @Override
    public Session<Reply, Command> open(SessionContext context) {
        return new RespClientSession(limits);
    }

    private static final class RespClientSession implements Session<Reply, Command> {
        private final ReplyReader reader;

        RespClientSession(RespLimits limits) {
            this.reader = new ReplyReader(limits);
        }

        @Override
        public void decode(ByteBuf in, Actions<Reply> actions) throws ProtocolException {
            @Nullable Reply reply = reader.read(in);
            if (reply != null) {
                actions.message(reply);
            } else if (reader.missing > 0) {
                actions.needMore(reader.missing);
            }
        }

        @Override
        public void encode(Command command, Outgoing out) {
            RespWriter.write(command, out);
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<Reply> actions) throws ProtocolException {
            if (rest.isReadable() || reader.withinMessage()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within a reply");
            }
            actions.end();
        }
    }
}
