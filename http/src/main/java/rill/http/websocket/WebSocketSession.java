package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.DeadlineException;
import rill.Outgoing;
import rill.OutputEndedException;
import rill.ProtocolException;
import rill.Session;
import rill.http.websocket.WebSocketMessage.Close;

/**
 * The session of one side of a WebSocket.
 *
 * <pre>
 *           our Close                        the peer's Close
 *   OPEN ──────────────▶ CLOSING ──────────────────────────────▶ ENDED
 *    │ └───── the peer's Close, which is answered ────────────────▲
 *    │                      │ closeTimeout: failed
 *    └─ a violation: the peer is told by a Close, and the connection fails
 *
 *   a frame read:    HEAD ── complete, and valid ──▶ PAYLOAD ── all of it has arrived ──▶ HEAD
 *
 *   a message:       NONE ── first frame ──▶ content ── frame with FIN ──▶ NONE; control frames may come between
 * </pre>
 *
 * <p>A message that arrives in one frame and all at once needs no {@link Content}. Nothing is taken of a compressed frame until all of it has arrived.
 */
final class WebSocketSession implements Session<WebSocketMessage, WebSocketMessage> {
    private static final int COMPRESSED_SLACK = 1024;

    private final boolean client;
    private final boolean deflate;
    private final WebSocketOptions options;
    private final int part;
    private final @Nullable WebSocketInfo info;
    private final Context context;
    private final Scratch scratch;
    private final FrameWriter writer;

    private boolean closing; // our Close was written
    private boolean ended; // the peer's stream has ended without a Close
    private boolean heard; // since the last timer
    private boolean asked; // a ping was sent, and nothing heard since

    // the frame that is being read
    private boolean inFrame;
    private int first;
    private int mask;
    private long taken; // bytes of its payload
    private long remaining;
    private boolean lastFed; // the last byte was inflated, but is kept until all of its output is delivered

    private @Nullable Content content; // of a message that did not arrive at once

    WebSocketSession(WebSocketCodec codec, Context context) {
        this.client = codec.client();
        this.deflate = codec.deflate();
        this.options = codec.options();
        this.part = codec.part();
        this.info = codec.info();
        this.context = context;
        this.scratch = Scratch.of(context);
        this.writer = new FrameWriter(client, deflate, options.deflateFrom(), scratch, context.random());
    }

    @Override
    public @Nullable WebSocketMessage opened(Context context) {
        if (!options.pingEvery().isZero()) {
            context.startTimer(options.pingEvery());
        }
        return null;
    }

    // ---- frames in

    @Override
    public @Nullable WebSocketMessage decode(ByteBuf in, Context context) throws IOException {
        heard = true;
        int start = in.readerIndex();
        if (!inFrame && !readHead(in, context)) {
            return null;
        }
        int opcode = Frame.opcode(first);
        if (!Frame.isControl(opcode)) {
            return data(in, start, context);
        }
        if (in.readableBytes() < remaining) {
            context.needMore((int) remaining - in.readableBytes());
            return null;
        }
        inFrame = false;
        return control(opcode, in, start, context);
    }

    /** False if it is incomplete. Each byte is checked as soon as it has arrived, whatever follows. */
    private boolean readHead(ByteBuf in, Context context) throws ProtocolException {
        int there = in.readableBytes();
        if (there == 0) {
            return false;
        }
        int start = in.readerIndex();
        int begin = in.getUnsignedByte(start);
        String wrong = Frame.wrongFirst(begin, content != null, deflate);
        if (wrong != null) {
            throw refuse(context, 0, Close.PROTOCOL_ERROR, wrong);
        }
        if (there == 1) {
            return false;
        }
        int second = in.getUnsignedByte(start + 1);
        wrong = Frame.wrongSecond(Frame.opcode(begin), second, !client);
        if (wrong != null) {
            throw refuse(context, 1, Close.PROTOCOL_ERROR, wrong);
        }
        int size = Frame.headSize(second);
        if (there < size - (client ? 0 : Integer.BYTES)) {
            return false;
        }
        long length = Frame.length(in, start, second);
        if (length < 0) {
            throw refuse(context, 1, Close.PROTOCOL_ERROR, "expected a length that is said in the shortest way");
        }
        if (!Frame.isControl(Frame.opcode(begin))) {
            requireBounded(begin, length, context);
        }
        if (there < size) {
            return false;
        }
        mask = Frame.mask(in, start, second);
        first = begin;
        remaining = length;
        taken = 0;
        inFrame = true;
        in.skipBytes(size);
        return true;
    }

    private void requireBounded(int begin, long length, Context context) throws ProtocolException {
        Content open = content;
        boolean compressed = open != null ? open.compressed : (begin & Frame.RSV1) != 0;
        long limit = options.messageBytes();
        if (compressed
                ? length > limit + (limit >> 8) + COMPRESSED_SLACK
                : !options.inParts() && length > limit - (open == null ? 0 : open.size())) {
            throw refuse(context, 1, Close.TOO_BIG, "expected a message of at most " + limit + " bytes");
        }
    }

    // ---- control frames

    private @Nullable WebSocketMessage control(int opcode, ByteBuf in, int start, Context context) throws IOException {
        if (opcode == Frame.CLOSE) {
            return peerCloses(in, start, context);
        }
        if (!options.controlByHand() && opcode == Frame.PONG) {
            in.skipBytes((int) remaining);
            return null;
        }
        int size = (int) remaining;
        scratch.take(in, size, mask);
        if (options.controlByHand()) {
            byte[] bytes = Arrays.copyOf(scratch.bytes, size);
            return opcode == Frame.PING ? new WebSocketMessage.Ping(bytes) : new WebSocketMessage.Pong(bytes);
        }
        if (!closing) {
            writer.control(Frame.PONG, scratch.bytes, size, context.out());
        }
        return null;
    }

    private WebSocketMessage peerCloses(ByteBuf in, int start, Context context) throws IOException {
        int place = in.readerIndex() - start;
        int size = (int) remaining;
        scratch.take(in, size, mask);
        byte[] bytes = scratch.bytes;
        int code = size == 0 ? Close.NO_CODE : size == 1 ? -1 : (bytes[0] & 0xFF) << 8 | (bytes[1] & 0xFF);
        if (size > 0 && !Close.isValid(code)) {
            throw refuse(
                    context,
                    place,
                    Close.PROTOCOL_ERROR,
                    size == 1
                            ? "expected a Close with two bytes of a code"
                            : "expected a Close with a code that may be sent, found " + code);
        }
        Utf8Check utf8 = scratch.utf8();
        int reasonAt = Math.min(size, Short.BYTES);
        int malformed = utf8.firstMalformed(bytes, reasonAt, size);
        if (malformed >= 0 || !utf8.complete()) {
            int at = malformed >= 0 ? malformed : size;
            throw refuse(context, place + at, Close.MALFORMED, "expected a reason in UTF-8");
        }
        var close = new Close(code, new String(bytes, reasonAt, size - reasonAt, StandardCharsets.UTF_8));
        if (!closing) {
            closing = true;
            writer.close(code, "", context.out());
        }
        context.stopTimer();
        context.end();
        return close;
    }

    // ---- messages

    private @Nullable WebSocketMessage data(ByteBuf in, int start, Context context) throws IOException {
        Content open = content;
        if (open == null) {
            boolean compressed = (first & Frame.RSV1) != 0;
            boolean text = Frame.opcode(first) == Frame.TEXT;
            boolean whole = (first & Frame.FIN) != 0 && remaining <= in.readableBytes();
            if (whole && !compressed && remaining <= mostAtOnce(text)) {
                inFrame = false;
                return text ? textAtOnce(in, start, context) : bytesAtOnce(in, (int) remaining, context);
            }
            open = new Content(text, compressed, this.context, scratch);
            content = open;
        }
        return !open.compressed ? take(open, in, start, context) : inflate(open, in, start, context);
    }

    private int mostAtOnce(boolean text) {
        int most = text ? Scratch.SIZE : Integer.MAX_VALUE;
        return options.inParts() ? Math.min(most, part) : most;
    }

    // Messages that have arrived completely, as nearly all have.

    private WebSocketMessage textAtOnce(ByteBuf in, int start, Context context) throws IOException {
        int size = (int) remaining;
        scratch.take(in, size, mask);
        String content = new String(scratch.bytes, 0, size, StandardCharsets.UTF_8);
        if (!isPlainlyAscii(content, size)) {
            Utf8Check utf8 = scratch.utf8();
            int malformed = utf8.firstMalformed(scratch.bytes, 0, size);
            if (malformed >= 0 || !utf8.complete()) {
                int at = in.readerIndex() - start - size + (malformed >= 0 ? malformed : size);
                throw noText(context, at);
            }
        }
        return options.inParts() ? new WebSocketMessage.TextPart(content, true) : new WebSocketMessage.Text(content);
    }

    /** Whether each byte became a character, and none the replacement for malformed input. The JDK does both checks many bytes at a time. */
    private static boolean isPlainlyAscii(String content, int bytes) {
        return content.length() == bytes && content.indexOf('\uFFFD') < 0;
    }

    private WebSocketMessage bytesAtOnce(ByteBuf in, int size, Context context) {
        ByteBuf bytes;
        if (mask != 0) {
            bytes = context.own(size);
            scratch.move(in, size, mask, bytes);
        } else {
            bytes = context.own(size == in.readableBytes() ? in : in.slice(in.readerIndex(), size));
            in.skipBytes(size);
        }
        return options.inParts() ? new WebSocketMessage.BinaryPart(bytes, true) : new WebSocketMessage.Binary(bytes);
    }

    private @Nullable WebSocketMessage take(Content open, ByteBuf in, int start, Context context) throws IOException {
        int most = options.inParts() ? part : options.messageBytes(); // no frame is longer than the rest of the limit
        int count = (int) Math.min(Math.min(remaining, in.readableBytes()), most - open.size());
        boolean last = (first & Frame.FIN) != 0 && remaining < most - open.size();
        int from = in.readerIndex() - start;
        int malformed = open.take(in, count, Mask.from(mask, taken), last ? open.size() + (int) remaining : most);
        if (malformed >= 0) {
            throw noText(context, from + malformed);
        }
        taken += count;
        remaining -= count;
        if (remaining == 0) {
            return frameEnds(open, in, start, context);
        }
        return options.inParts() && open.size() >= part ? open.part(false) : null;
    }

    private @Nullable WebSocketMessage frameEnds(Content open, ByteBuf in, int start, Context context)
            throws IOException {
        inFrame = false;
        boolean last = (first & Frame.FIN) != 0;
        if (last) {
            if (!open.isWhole()) {
                throw noText(context, in.readerIndex() - start);
            }
            WebSocketMessage message = options.inParts() ? open.part(true) : open.whole();
            messageEnds(); // only after the allocation succeeded: until then closed() releases everything
            return message;
        }
        WebSocketMessage part = options.inParts() ? open.part(false) : null;
        boolean delivered = open.delivered;
        open.delivered = false;
        open.frames = delivered ? 0 : open.frames + 1;
        if (open.frames >= options.frames()) {
            throw refuse(
                    context,
                    in.readerIndex() - start,
                    Close.POLICY,
                    options.inParts()
                            ? "expected fewer than " + options.frames() + " frames in a row with nothing to deliver"
                            : "expected a message in at most " + options.frames() + " frames");
        }
        return part;
    }

    /** Not within a message, whose beginning would be lost. */
    @Override
    public boolean replaceable() {
        return content == null && !inFrame;
    }

    private void messageEnds() {
        Content open = content;
        content = null;
        if (open != null) {
            open.ends();
        }
    }

    /** Inflates a frame that has arrived completely; in pieces, since each may become a thousand times as large. */
    private @Nullable WebSocketMessage inflate(Content open, ByteBuf in, int start, Context context)
            throws IOException {
        if (in.readableBytes() < remaining) {
            if (options.pingEvery().isZero()) { // otherwise each byte has to be heard
                context.needMore((int) remaining - in.readableBytes());
            }
            return null;
        }
        int place = in.readerIndex() - start;
        try {
            while (remaining > 0) {
                if (inflatePiece(open, in) && options.inParts()) {
                    return open.part(false);
                }
                requireBounded(open);
            }
            if ((first & Frame.FIN) != 0) {
                open.feedTail();
                while (open.inflate(options.inParts() ? open.size() + part : mostInflated())) {
                    requireBounded(open);
                }
                requireBounded(open);
            }
        } catch (Content.MalformedException e) {
            throw refuse(context, place, Close.MALFORMED, String.valueOf(e.getMessage()));
        } catch (TooBigException e) {
            throw refuse(
                    context,
                    place,
                    Close.TOO_BIG,
                    "expected a message of at most " + options.messageBytes() + " bytes when it is inflated");
        }
        return frameEnds(open, in, start, context);
    }

    private int mostInflated() {
        return (int) Math.min(Integer.MAX_VALUE, options.messageBytes() + 1L);
    }

    /**
     * Inflates some of the payload. Its last byte is kept until it yields no more output.
     *
     * @return whether the output has reached its limit
     */
    private boolean inflatePiece(Content open, ByteBuf in) throws Content.MalformedException {
        Inflater inflater = open.inflater();
        int count = lastFed ? 0 : (int) Math.min(remaining, Scratch.SIZE);
        in.getBytes(in.readerIndex(), scratch.bytes, 0, count);
        Mask.apply(Mask.from(mask, taken), scratch, count);
        inflater.setInput(scratch.bytes, 0, count);
        boolean more = open.inflate(options.inParts() ? part : mostInflated());
        int used = count - inflater.getRemaining();
        if (inflater.finished()) {
            inflater.reset(); // a block marked as the last: the rest is a new stream
        }
        boolean all = lastFed || used == remaining;
        lastFed = all && more;
        int done = lastFed ? Math.max(0, used - 1) : all ? (int) remaining : used;
        in.skipBytes(done);
        taken += done;
        remaining -= done;
        return more;
    }

    private void requireBounded(Content open) throws TooBigException {
        if (!options.inParts() && open.size() > options.messageBytes()) {
            throw new TooBigException();
        }
    }

    private static final class TooBigException extends Exception {
        private static final long serialVersionUID = 1L;

        TooBigException() {
            super(null, null, false, false);
        }
    }

    // ---- violations

    private ProtocolException noText(Context context, int position) {
        return refuse(context, position, Close.MALFORMED, "expected text in UTF-8");
    }

    /** Sends the peer a Close, and returns the exception that ends the connection. */
    private ProtocolException refuse(Context context, int position, int code, String violation) {
        if (!closing) {
            closing = true;
            writer.close(code, violation, context.out());
        }
        return new ProtocolException(position, violation + "; the peer is told " + code);
    }

    // ---- messages out

    @Override
    public void encode(WebSocketMessage message, Outgoing out) throws IOException {
        if (closing) {
            if (message instanceof Close) {
                return; // already sent
            }
            throw new OutputEndedException("a message after the Close of this side can't be sent");
        }
        switch (message) {
            case WebSocketMessage.Text text -> writer.text(text.text(), out);
            case WebSocketMessage.Binary binary -> writer.binary(binary.content(), out);
            case WebSocketMessage.TextPart part -> writer.textPart(part, out);
            case WebSocketMessage.BinaryPart part -> writer.binaryPart(part, out);
            case WebSocketMessage.Ping ping -> writer.control(Frame.PING, ping.bytes(), ping.length(), out);
            case WebSocketMessage.Pong pong -> writer.control(Frame.PONG, pong.bytes(), pong.length(), out);
            case Close close -> {
                writer.close(close.code(), close.reason(), out);
                awaitClose();
            }
        }
    }

    /** Our Close was written: the peer has to answer it, unless its stream has ended already. */
    private void awaitClose() {
        closing = true;
        if (!ended) {
            context.startTimer(options.closeTimeout());
        }
    }

    @Override
    public void outputEnding(Outgoing out) {
        if (!closing) {
            writer.close(context.isGoingAway() ? Close.GOING_AWAY : Close.NORMAL, "", out);
            awaitClose();
        }
    }

    // ---- time, and the end

    @Override
    public @Nullable WebSocketMessage timerExpired(Context context) throws IOException {
        if (closing && !context.isReading()) {
            context.startTimer(options.closeTimeout()); // the peer's Close may have arrived, with nobody receiving
        } else if (closing) {
            throw new DeadlineException("the peer has not answered a Close within "
                    + options.closeTimeout().toMillis() + " ms");
        } else if (heard || (asked && !context.isReading())) { // unread bytes are not heard, so ping again
            heard = false;
            asked = false;
            context.startTimer(options.pingEvery());
        } else if (asked) {
            throw new DeadlineException("nothing was heard of the peer within "
                    + options.pongTimeout().toMillis() + " ms of a ping");
        } else {
            asked = true;
            writer.control(Frame.PING, WebSocketMessage.Ping.EMPTY.bytes(), 0, context.out());
            context.startTimer(options.pongTimeout());
        }
        return null;
    }

    @Override
    public @Nullable WebSocketMessage inputEnded(ByteBuf rest, Context context) throws IOException {
        if (inFrame || content != null || rest.isReadable()) {
            throw new ProtocolException(rest.readableBytes(), "the stream ended within a message");
        }
        ended = true;
        context.stopTimer();
        context.end();
        return null;
    }

    @Override
    public @Nullable Object info() {
        return info;
    }

    @Override
    public void closed() {
        if (content != null) {
            content.release();
        }
        messageEnds();
    }
}
