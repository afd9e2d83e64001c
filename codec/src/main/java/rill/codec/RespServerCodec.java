package rill.codec;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Actions;
import rill.Codec;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.SessionContext;

/** The server's side of RESP: commands are read, replies written. */
record RespServerCodec(RespLimits limits) implements Codec<Command, Reply> {
    @Override
    public int sizeEstimate(Reply reply) {
        return RespWriter.estimate(reply, limits.depth());
    }

    @Override
    public Session<Command, Reply> open(SessionContext context) {
        return new RespServerSession(limits);
    }

    private static final class RespServerSession implements Session<Command, Reply> {
        private final CommandReader reader;
        private final int depth;

        RespServerSession(RespLimits limits) {
            this.reader = new CommandReader(limits);
            this.depth = limits.depth();
        }

        @Override
        public void decode(ByteBuf in, Actions<Command> actions) throws ProtocolException {
            @Nullable Command command = reader.read(in);
            if (command != null) {
                actions.message(command);
            } else if (reader.missing > 0) {
                actions.needMore(reader.missing);
            }
        }

        @Override
        public void encode(Reply reply, Outgoing out) {
            RespWriter.write(reply, depth, out);
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<Command> actions) throws ProtocolException {
            if (rest.isReadable() || reader.withinMessage()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within a command");
            }
            actions.end();
        }
    }
}
