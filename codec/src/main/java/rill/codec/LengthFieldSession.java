package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.FrameSession;
import rill.Outgoing;
import rill.ProtocolException;
import rill.codec.internal.Payloads;

/** Reads and writes the frames of a {@link LengthField}. It keeps no state: an unfinished header is read again when more bytes have arrived. */
final class LengthFieldSession extends FrameSession {
    private final LengthField spec;
    private final LengthFormat format;
    private final int offset;

    LengthFieldSession(LengthField spec) {
        this.spec = spec;
        this.format = spec.format;
        this.offset = spec.offset;
    }

    // ---- reading

    @Override
    protected int find(ByteBuf in) throws ProtocolException {
        int origin = in.readerIndex();
        int end = in.writerIndex();
        int at = origin + offset;
        int size = at < end ? format.sizeAt(in, at, end, origin) : 0;
        if (size == 0) {
            return Math.max(1, at + format.smallest() - end);
        }
        int header = offset + size;
        int content = contentSize(format.get(in, at, size), header);
        int missing = header + content - (end - origin);
        if (missing > 0) {
            return missing;
        }
        int frameEnd = origin + header + content;
        return found(spec.withHeader ? origin : origin + header, frameEnd, frameEnd);
    }

    private int contentSize(long length, int header) throws ProtocolException {
        long limit = Math.min(spec.limit, Integer.MAX_VALUE - header);
        if (length < 0 || length > limit - spec.adjustment) {
            throw new ProtocolException(
                    offset,
                    "expected a frame of at most " + limit + " bytes, found a length of "
                            + Long.toUnsignedString(length) + adjusted());
        }
        if (length + spec.adjustment < 0) {
            throw new ProtocolException(
                    offset, "expected a length of at least " + -(long) spec.adjustment + ", found " + length);
        }
        return (int) (length + spec.adjustment);
    }

    private String adjusted() {
        return spec.adjustment == 0 ? "" : " to which " + spec.adjustment + " is added";
    }

    // ---- writing

    @Override
    public void encode(ByteBuf frame, Outgoing out) {
        requireHeader();
        int from = frame.readerIndex();
        int header = spec.withHeader ? offset + placeholder(frame, from + offset, frame.writerIndex()) : 0;
        int content = frame.readableBytes() - header;
        long length = lengthOf(content);
        int size = format.sizeOf(length);
        boolean pass = content >= Payloads.WORTH_PASSING;
        ByteBuf buffer = out.buffer(offset + size + (pass ? 0 : content));
        if (spec.withHeader) {
            buffer.writeBytes(frame, from, offset);
        }
        buffer.ensureWritable(size);
        format.set(buffer, buffer.writerIndex(), length);
        buffer.writerIndex(buffer.writerIndex() + size);
        if (pass) {
            out.pass(frame.retainedSlice(from + header, content));
        } else {
            buffer.writeBytes(frame, from + header, content);
        }
    }

    @Override
    public void beginFrame(ByteBuf out) {
        requireHeader();
        if (!spec.withHeader) {
            out.writeZero(format.smallest());
        }
    }

    @Override
    public void endFrame(ByteBuf out, int start) {
        int end = out.writerIndex();
        int at = start + offset;
        int room = spec.withHeader ? placeholder(out, at, end) : format.smallest();
        int content = end - at - room;
        long length = lengthOf(content);
        int size = format.sizeOf(length);
        if (size != room) { // possible only for a varint
            out.ensureWritable(Math.max(0, size - room));
            out.setBytes(at + size, out, at + room, content);
            out.writerIndex(end + size - room);
        }
        format.set(out, at, length);
    }

    private void requireHeader() {
        if (offset > 0 && !spec.withHeader) {
            throw new IllegalStateException("nothing is known of the " + offset
                    + " bytes before the length: writing needs LengthField.withHeader()");
        }
    }

    /** Returns the size of the placeholder that a frame has where its length belongs. */
    private int placeholder(ByteBuf frame, int at, int end) {
        try {
            int size = at < end ? format.sizeAt(frame, at, end, at) : 0;
            if (size > 0) {
                return size;
            }
        } catch (ProtocolException e) {
            throw new IllegalArgumentException("a frame has no varint in the place of its length", e);
        }
        throw new IllegalArgumentException("a frame ends before or within its length");
    }

    private long lengthOf(int content) {
        if (content > spec.limit) {
            throw new IllegalArgumentException(
                    "a frame's content of " + content + " bytes is above the limit of " + spec.limit);
        }
        long length = (long) content - spec.adjustment;
        if (length < 0 || length > format.largest()) {
            throw new IllegalArgumentException("a frame's content of " + content + " bytes makes a length of " + length
                    + ", which the length field can't hold");
        }
        return length;
    }
}
