package rill.codec;

import rill.Context;
import rill.FrameSession;
import rill.Framing;

/**
 * A framing with the length of each frame in front of it. Immutable; each method returns a changed copy.
 *
 * <pre>
 *   ┌────────┬────────┬──────────────────────────────┐
 *   │ offset │ length │ content                      │
 *   └────────┴────────┴──────────────────────────────┘
 *            size of the content = length + adjustment
 * </pre>
 *
 * <p>By default, the length is a big-endian unsigned number at the very front and counts only the content. A frame is only the content, and has at
 * most 1 MiB.
 *
 * <p><b>Ownership:</b> see {@link Framing}; frames are slices of the received bytes. A large frame that is written is passed through, not copied.
 *
 * <p><b>Errors:</b> a length that is negative, too large, or above the limit is a {@link rill.ProtocolException} as soon as it is read; no memory is
 * allocated for it. A frame that can't be written is an {@link IllegalArgumentException}.
 *
 * <p><b>Source:</b> varint: Protocol Buffers, "Encoding", Base 128 Varints.
 */
public final class LengthField implements Framing {
    /** The default limit of a frame's content, in bytes: 1 MiB. */
    public static final int DEFAULT_LIMIT = 1024 * 1024;

    final LengthFormat format;
    final int offset;
    final int adjustment;
    final boolean withHeader;
    final int limit;

    private LengthField(LengthFormat format, int offset, int adjustment, boolean withHeader, int limit) {
        this.format = format;
        this.offset = offset;
        this.adjustment = adjustment;
        this.withHeader = withHeader;
        this.limit = limit;
    }

    /** A length of 1, 2, 3, 4 or 8 bytes. */
    public static LengthField ofBytes(int size) {
        if (size < 1 || size > 8 || size == 5 || size == 6 || size == 7) {
            throw new IllegalArgumentException("a length field has 1, 2, 3, 4 or 8 bytes, not " + size);
        }
        return new LengthField(new LengthFormat.Fixed(size, false), 0, 0, false, DEFAULT_LIMIT);
    }

    /** A base-128 length of 1 to 10 bytes, as in protobuf's delimited messages and MQTT. Only the shortest form is accepted. */
    public static LengthField varint() {
        return new LengthField(new LengthFormat.Varint(), 0, 0, false, DEFAULT_LIMIT);
    }

    /** Reads and writes the length with its lowest byte first. Not for a varint, which has only one order. */
    public LengthField littleEndian() {
        if (!(format instanceof LengthFormat.Fixed fixed)) {
            throw new IllegalArgumentException("a varint has no byte order");
        }
        return new LengthField(new LengthFormat.Fixed(fixed.size(), true), offset, adjustment, withHeader, limit);
    }

    /**
     * Expects this many bytes of header before the length. Without {@link #withHeader}, reading drops them and writing is not possible, since the
     * header has to be part of the frame.
     */
    public LengthField offset(int bytes) {
        if (bytes < 0 || bytes > 64 * 1024) {
            throw new IllegalArgumentException("an offset is between 0 and 65536 bytes, not " + bytes);
        }
        return new LengthField(format, bytes, adjustment, withHeader, limit);
    }

    /** Adds this many bytes to the length to get the content's size. For a four-byte length that counts itself, it is -4. */
    public LengthField adjustment(int bytes) {
        return new LengthField(format, offset, bytes, withHeader, limit);
    }

    /**
     * Makes frames of the whole: the bytes before the length, the length, and the content. A frame to be written has the same layout; the bytes in
     * the place of the length (for a varint: any varint) are replaced.
     */
    public LengthField withHeader() {
        return new LengthField(format, offset, adjustment, true, limit);
    }

    /** Limits the content to this many bytes. */
    public LengthField limit(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a limit can't be negative: " + bytes);
        }
        return new LengthField(format, offset, adjustment, withHeader, bytes);
    }

    /** Allows frames of up to 2 GiB: a peer can make this side hold everything it sends. */
    public LengthField unlimited() {
        return limit(Integer.MAX_VALUE);
    }

    @Override
    public FrameSession open(Context context) {
        return new LengthFieldSession(this);
    }

    @Override
    public String toString() {
        return "length field " + format + " at " + offset + ", limit " + limit;
    }
}
