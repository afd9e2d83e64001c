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
    private final RespOptions options;
    private final Unfinished unfinished;
    private final boolean paired;

    /** Where each command has one reply, {@code paired}, those that have not are refused. */
    RespClientCodec(RespOptions options, boolean paired) {
        this.options = options;
        this.unfinished = new Unfinished(options.unfinishedBytes());
        this.paired = paired;
    }

    @Override
    public int sizeEstimate(Command command) {
        return RespWriter.estimate(command);
    }

    @Override
    public Session<Reply, Command> open(Context context) {
        return new RespClientSession(new ReplyReader(options, unfinished), paired);
    }

    /** What the unfinished replies of all connections take. */
    long unfinished() {
        return unfinished.taken();
    }

    private record RespClientSession(ReplyReader reader, boolean paired) implements Session<Reply, Command> {
        @Override
        public @Nullable Reply decode(ByteBuf in, Context context) throws IOException {
            @Nullable Reply reply = reader.read(in);
            if (reply != null) {
                return reply;
            } else if (reader.missing > 0) {
                context.needMore(reader.missing);
            }
            return null;
        }

        @Override
        public void encode(Command command, Outgoing out) {
            if (paired) {
                Unpaired.refuse(command);
            }
            RespWriter.write(command, out);
        }

        @Override
        public @Nullable Reply inputEnded(ByteBuf rest, Context context) throws ProtocolException {
            if (rest.isReadable() || reader.withinMessage()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within a reply");
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
