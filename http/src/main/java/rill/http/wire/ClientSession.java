package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * The client's side of a connection: requests are written and responses read, in the same order.
 *
 * <p>It stops after a 101, and after a response that agrees to CONNECT: another protocol follows, for {@link rill.Connection#become}.
 */
final class ClientSession implements Session<ResponseEvent, RequestEvent> {
    private final HeadReader heads;
    private final MessageReader reader;
    private final MessageWriter writer;
    private final Kinds unanswered = new Kinds();
    private boolean lastResponse; // the response being read is the last

    ClientSession(HttpLimits limits, Context context) {
        heads = context.shared(HeadReader.class, HeadReader::new);
        reader = new MessageReader(limits);
        writer = new MessageWriter(context);
    }

    // ---- reading

    @Override
    public @Nullable ResponseEvent decode(ByteBuf in, Context context) throws IOException {
        if (reader.inHead()) {
            return head(in, context);
        }
        if (reader.isOver()) {
            in.skipBytes(in.readableBytes());
            return null;
        }
        BodyEvent event = reader.body(in, heads, context);
        if (event != null && MessageReader.ends(event)) {
            ended();
        }
        return event;
    }

    private @Nullable ResponseHead head(ByteBuf in, Context context) throws HttpProtocolException {
        if (!in.isReadable()) {
            return null;
        }
        if (unanswered.isEmpty()) {
            throw new HttpProtocolException(0, "expected nothing, since no request waits for a response");
        }
        byte[] bytes = reader.head(in, heads.window, "a response", 400);
        if (bytes == null) {
            return null;
        }
        int kind = unanswered.peek();
        ResponseHead head = heads.response(bytes, kind);
        requireAskedFor(head, kind);
        if (head.isInterim()) {
            return head;
        }
        unanswered.remove();
        if (head.status() == 101 || Kinds.opensTunnel(kind, head.status())) {
            reader.end();
            writer.end();
            context.stop();
            return head;
        }
        lastResponse = !head.keepAlive();
        reader.begin(head.bodyLength());
        if (!head.hasBody()) {
            ended();
        }
        return head;
    }

    private static void requireAskedFor(ResponseHead head, int kind) throws HttpProtocolException {
        if (head.status() == 101 && (kind & Kinds.UPGRADE) == 0) {
            throw new HttpProtocolException(0, "expected no 101, since the request asked for no other protocol");
        }
    }

    private void ended() {
        if (lastResponse) {
            reader.end();
        }
    }

    @Override
    public @Nullable ResponseEvent inputEnded(ByteBuf rest, Context context) throws IOException {
        reader.inputEnded(rest);
        boolean endsBody = reader.inUntilClose();
        reader.end();
        context.end();
        return endsBody ? End.of() : null;
    }

    // ---- writing

    @Override
    public void encode(RequestEvent event, Outgoing out) {
        switch (event) {
            case RequestHead head -> {
                writer.request(head, out);
                unanswered.add(Kinds.of(head));
            }
            case Data data -> writer.data(data, out);
            case End end -> writer.end(end, out);
        }
    }
}
