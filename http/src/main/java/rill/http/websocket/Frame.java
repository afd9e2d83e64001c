package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Functions that parse the head of a frame.
 *
 * <pre>
 *  FIN RSV1-3 opcode │ MASK length │ 0, 2 or 8 bytes of length │ 0 or 4 bytes of mask
 * </pre>
 *
 * <p><b>Source:</b> RFC 6455, section 5.2.
 */
final class Frame {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    static final int FIN = 0x80;
    static final int RSV1 = 0x40;
    static final int MASKED = 0x80;
    static final int LONGEST_CONTROL = 125;
    static final int TWO_BYTES = 126;
    static final int EIGHT_BYTES = 127;
    static final int LONGEST_HEAD = 14;

    private static final int RESERVED = 0x30;
    private static final int LENGTH = 0x7F;
    private static final int OPCODE = 0x0F;

    private Frame() {}

    static int opcode(int first) {
        return first & OPCODE;
    }

    static boolean isControl(int opcode) {
        return opcode >= CLOSE;
    }

    /** A description of the violation in the first byte of a head; null if there is none. */
    static @Nullable String wrongFirst(int first, boolean messageOpen, boolean deflate) {
        int opcode = opcode(first);
        if ((first & RESERVED) != 0
                || ((first & RSV1) != 0 && (!deflate || opcode == CONTINUATION || opcode > BINARY))) {
            return "expected reserved bits of 0";
        }
        if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
            return "expected a known opcode, found " + opcode;
        }
        if (isControl(opcode)) {
            return (first & FIN) == 0 ? "expected a control frame in one piece" : null;
        }
        if (opcode == CONTINUATION) {
            return messageOpen ? null : "expected the beginning of a message, found a continuation";
        }
        return messageOpen ? "expected a continuation of the message, found the beginning of another" : null;
    }

    /** A description of the violation in the second byte of a head; null if there is none. */
    static @Nullable String wrongSecond(int opcode, int second, boolean fromClient) {
        if ((second & MASKED) != 0 != fromClient) {
            return fromClient
                    ? "expected a masked frame of the client, found one that is not"
                    : "expected a frame of the server, which is not masked, found one that is";
        }
        return isControl(opcode) && (second & LENGTH) > LONGEST_CONTROL
                ? "expected a control frame of at most " + LONGEST_CONTROL + " bytes"
                : null;
    }

    /** The size of a head with this second byte. */
    static int headSize(int second) {
        int length = second & LENGTH;
        return 2 + (length == TWO_BYTES ? 2 : length == EIGHT_BYTES ? 8 : 0) + ((second & MASKED) != 0 ? 4 : 0);
    }

    /** The length of the payload; -1 if it is not in the shortest form, or negative. */
    static long length(ByteBuf in, int start, int second) {
        int length = second & LENGTH;
        if (length < TWO_BYTES) {
            return length;
        }
        if (length == TWO_BYTES) {
            int two = in.getUnsignedShort(start + 2);
            return two < TWO_BYTES ? -1 : two;
        }
        long eight = in.getLong(start + 2);
        return eight <= 0xFFFF ? -1 : eight;
    }

    /** The mask; 0 if there is none. */
    static int mask(ByteBuf in, int start, int second) {
        return (second & MASKED) == 0 ? 0 : in.getInt(start + headSize(second) - 4);
    }
}
