package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * The server's side of a connection: requests are read and responses written, in the same order.
 *
 * <p>It stops after a request for another protocol (Upgrade, CONNECT), since the following bytes may belong to that protocol. After a 101, or an answer
 * that agrees to CONNECT, the caller continues with {@link rill.Connection#become}; after any other answer, with {@link rill.Connection#resume}.
 */
final class ServerSession implements Session<RequestEvent, ResponseEvent> {
    private final HeadReader heads;
    private final MessageReader reader;
    private final MessageWriter writer;
    private final Kinds unanswered = new Kinds();
    private boolean stopsAfter; // the request being read asks for another protocol
    private boolean lastRequest; // the request being read is the last

    ServerSession(HttpLimits limits, Context context) {
        heads = context.shared(HeadReader.class, HeadReader::new);
        reader = new MessageReader(limits);
        writer = new MessageWriter(context);
    }

    // ---- reading

    @Override
    public @Nullable RequestEvent decode(ByteBuf in, Context context) throws IOException {
        if (reader.inHead()) {
            return head(in, context);
        }
        if (reader.isOver()) {
            in.skipBytes(in.readableBytes());
            return null;
        }
        BodyEvent event = reader.body(in, heads, context);
        if (event != null && MessageReader.ends(event)) {
            ended(context);
        }
        return event;
    }

    private @Nullable RequestHead head(ByteBuf in, Context context) throws HttpProtocolException {
        byte[] bytes = reader.head(in, heads.window, "a request", 414);
        if (bytes == null) {
            return null;
        }
        RequestHead head = heads.request(bytes);
        int kind = Kinds.of(head);
        unanswered.add(kind);
        stopsAfter = (kind & (Kinds.UPGRADE | Kinds.CONNECT)) != 0;
        lastRequest = !head.keepAlive();
        reader.begin(head.bodyLength());
        if (!head.hasBody()) {
            ended(context);
        }
        return head;
    }

    private void ended(Context context) {
        if (lastRequest) {
            reader.end();
        }
        if (stopsAfter) {
            context.stop();
        }
    }

    @Override
    public @Nullable RequestEvent inputEnded(ByteBuf rest, Context context) throws IOException {
        reader.inputEnded(rest);
        context.end();
        return null;
    }

    // ---- writing

    @Override
    public void encode(ResponseEvent event, Outgoing out) {
        switch (event) {
            case ResponseHead head -> head(head, out);
            case Data data -> writer.data(data, out);
            case End end -> writer.end(end, out);
        }
    }

    private void head(ResponseHead head, Outgoing out) {
        writer.requireHead();
        int kind = unanswered.isEmpty() ? answerToNothing(head) : unanswered.peek();
        boolean old = (kind & Kinds.OLD) != 0;
        if (head.isInterim()) {
            if (old) {
                throw new IllegalArgumentException("a client of HTTP/1.0 knows no " + head.status());
            }
            writer.response(head, kind, 0, false, out);
            return;
        }
        if (head.status() == 101 && (kind & Kinds.UPGRADE) == 0) {
            throw new IllegalArgumentException(
                    "101 answers a request that asks for another protocol, which this one does not");
        }
        if (old && head.declaredLength() == Head.CHUNKED) {
            throw new IllegalArgumentException("a client of HTTP/1.0 knows no body in chunks");
        }
        boolean switches = head.status() == 101 || Kinds.opensTunnel(kind, head.status());
        long length = switches || Kinds.isHead(kind) || head.hasContent() ? 0 : head.declaredLength();
        boolean closes = !switches && (!head.keepAlive() || length == Head.UNTIL_CLOSE || (kind & Kinds.LAST) != 0);
        writer.response(head, kind, length, closes, out);
        if (head.hasContent() && !Kinds.isHead(kind)) {
            MessageWriter.content(head.content(), out);
        }
        if (switches) {
            writer.end();
        }
        if (!unanswered.isEmpty()) {
            unanswered.remove();
        }
    }

    /** Without a valid request, a client may still be sent an error that explains why the connection ends. */
    private static int answerToNothing(ResponseHead head) {
        if (head.status() < 400 || head.keepAlive()) {
            throw new IllegalStateException(
                    "no request waits for an answer; without one only an error can be told, which closes: " + head);
        }
        return Kinds.LAST;
    }
}
