package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** The server's side of RESP: reads commands and writes replies. */
final class RespServerCodec implements Codec<Command, Reply> {
    private final RespOptions options;
    private final Unfinished unfinished;

    RespServerCodec(RespOptions options) {
        this.options = options;
        this.unfinished = new Unfinished(options.unfinishedBytes());
    }

    @Override
    public int sizeEstimate(Reply reply) {
        return RespWriter.estimate(reply, options.depth());
    }

    @Override
    public Session<Command, Reply> open(Context context) {
        return new RespServerSession(new CommandReader(options, unfinished), options.depth());
    }

    /** What the unfinished commands of all connections take. */
    long unfinished() {
        return unfinished.taken();
    }

    private record RespServerSession(CommandReader reader, int depth) implements Session<Command, Reply> {
        @Override
        public @Nullable Command decode(ByteBuf in, Context context) throws IOException {
            @Nullable Command command = reader.read(in);
            if (command != null) {
                return command;
            } else if (reader.missing > 0) {
                context.needMore(reader.missing);
            }
            return null;
        }

        @Override
        public void encode(Reply reply, Outgoing out) {
            RespWriter.write(reply, depth, out);
        }

        @Override
        public @Nullable Command inputEnded(ByteBuf rest, Context context) throws ProtocolException {
            if (rest.isReadable() || reader.withinMessage()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within a command");
            }
            context.end();
            return null;
        }

        @Override
        public void closed() {
            reader.giveBack();
        }
    }
}
