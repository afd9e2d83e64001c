package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import rill.Outgoing;
import rill.codec.internal.Payloads;
import rill.codec.internal.Utf8;

/** Writes commands and replies straight into the outgoing buffer, without objects on the way. */
final class RespWriter {
    /** What a part takes besides its bytes: type, length, twice CR LF. */
    private static final int ROOM = 16;

    private static final short CR_LF = 0x0D0A;
    private static final int NULL_BULK = 0x242D310D;
    private static final int NULL_ARRAY = 0x2A2D310D;

    private RespWriter() {}

    // ---- commands

    /** What a command takes, exactly or nearly: texts count as ASCII, headers as the longest usual ones. */
    static int estimate(Command command) {
        return estimate(command, Integer.MAX_VALUE);
    }

    private static int estimate(Command command, int passedFrom) {
        long total = ROOM;
        for (int i = 0; i < command.size(); i++) {
            int length = command.part(i) instanceof String text ? text.length() : ((byte[]) command.part(i)).length;
            total += ROOM + (length < passedFrom ? length : 0);
        }
        return (int) Math.min(total, Integer.MAX_VALUE);
    }

    static void write(Command command, Outgoing out) {
        ByteBuf buffer = out.buffer(estimate(command, Payloads.WORTH_PASSING));
        header(buffer, '*', command.size());
        for (int i = 0; i < command.size(); i++) {
            buffer = command.part(i) instanceof String text
                    ? writeText(text, buffer, out)
                    : writeBytes((byte[]) command.part(i), buffer, out);
        }
    }

    private static ByteBuf writeText(String text, ByteBuf buffer, Outgoing out) {
        int length = text.length();
        if (length < Payloads.WORTH_PASSING) {
            int start = buffer.writerIndex();
            header(buffer, '$', length);
            if (Utf8.writeAscii(text, buffer) == length) {
                buffer.writeShort(CR_LF);
                return buffer;
            }
            buffer.writerIndex(start); // it has more bytes than characters
        }
        Utf8.requirePaired(text, 0);
        return writeBytes(text.getBytes(StandardCharsets.UTF_8), buffer, out);
    }

    private static ByteBuf writeBytes(byte[] bytes, ByteBuf buffer, Outgoing out) {
        header(buffer, '$', bytes.length);
        if (bytes.length < Payloads.WORTH_PASSING) {
            buffer.writeBytes(bytes).writeShort(CR_LF);
            return buffer;
        }
        out.pass(Unpooled.wrappedBuffer(bytes));
        return out.buffer(ROOM).writeShort(CR_LF);
    }

    // ---- replies

    /** What a reply takes, nearly. */
    static int estimate(Reply reply, int depthLeft) {
        return (int) Math.min(longEstimate(reply, depthLeft), Integer.MAX_VALUE);
    }

    private static long longEstimate(Reply reply, int depthLeft) {
        return switch (reply) {
            case Reply.Simple simple -> 3L + simple.text().length();
            case Reply.Failed failed -> 3L + failed.message().length();
            case Reply.Bulk bulk -> ROOM + (long) bulk.length();
            case Reply.Array array -> estimate(array, depthLeft);
            case Reply.Int _, Reply.Null _ -> ROOM;
        };
    }

    private static long estimate(Reply.Array array, int depthLeft) {
        long total = ROOM;
        if (depthLeft > 0) {
            for (Reply each : array.elements()) {
                total += longEstimate(each, depthLeft - 1);
            }
        }
        return total;
    }

    /** Writes a reply whose arrays are nested at most so deep. */
    static void write(Reply reply, int depthLeft, Outgoing out) {
        switch (reply) {
            case Reply.Simple simple -> line('+', simple.text(), out);
            case Reply.Failed failed -> line('-', failed.message(), out);
            case Reply.Int integer -> integer(integer.number(), out.buffer(24));
            case Reply.Bulk bulk -> {
                int copied = bulk.length() < Payloads.WORTH_PASSING ? bulk.length() : 0;
                writeBytes(bulk.bytes(), out.buffer(ROOM + copied), out);
            }
            case Reply.Null nothing ->
                out.buffer(5)
                        .writeInt(nothing == Reply.Null.BULK ? NULL_BULK : NULL_ARRAY)
                        .writeByte('\n');
            case Reply.Array array -> {
                if (depthLeft == 0) {
                    throw new IllegalArgumentException("arrays are nested deeper than the limit");
                }
                header(out.buffer(ROOM), '*', array.elements().size());
                for (Reply each : array.elements()) {
                    write(each, depthLeft - 1, out);
                }
            }
        }
    }

    private static void line(char type, String text, Outgoing out) {
        if (text.indexOf('\r') >= 0 || text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a line of RESP can't have CR or LF in it");
        }
        ByteBuf buffer = out.buffer(text.length() + 3);
        buffer.writeByte(type);
        Utf8.write(text, buffer);
        buffer.writeShort(CR_LF);
    }

    private static void integer(long number, ByteBuf buffer) {
        if (number >= 0 && number < 100) {
            header(buffer, ':', (int) number);
        } else {
            buffer.writeByte(':');
            decimal(number, buffer);
            buffer.writeShort(CR_LF);
        }
    }

    // ---- numbers

    /** A type, a number that is not negative, CR LF; the short ones at one stroke. */
    private static void header(ByteBuf buffer, char type, int number) {
        if (number < 10) {
            buffer.writeInt((type << 24) | (('0' + number) << 16) | CR_LF);
            return;
        }
        if (number < 100) {
            buffer.writeInt((type << 24) | (('0' + number / 10) << 16) | (('0' + number % 10) << 8) | '\r');
            buffer.writeByte('\n');
            return;
        }
        buffer.writeByte(type);
        decimal(number, buffer);
        buffer.writeShort(CR_LF);
    }

    private static void decimal(long number, ByteBuf buffer) {
        long left = number < 0 ? number : -number; // below zero, where there is one more number than above
        int digits = 1;
        for (long rest = left / 10; rest != 0; rest /= 10) {
            digits++;
        }
        if (number < 0) {
            buffer.writeByte('-');
        }
        int start = buffer.writerIndex();
        buffer.ensureWritable(digits);
        for (int i = start + digits - 1; i >= start; i--) {
            buffer.setByte(i, (int) ('0' - left % 10));
            left /= 10;
        }
        buffer.writerIndex(start + digits);
    }
}
