package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import rill.Outgoing;
import rill.codec.internal.Payloads;
import rill.codec.internal.Utf8;

/** Writes commands and replies straight into the outgoing buffer, without intermediate objects. */
final class RespWriter {
    /** What a part takes in addition to its bytes: type, length, twice CR LF. */
    private static final int ROOM = 16;

    private static final short CR_LF = 0x0D0A;
    private static final int NULL_BULK = 0x242D310D;
    private static final int NULL_ARRAY = 0x2A2D310D;
    private static final int TRUE = 0x23740D0A;
    private static final int FALSE = 0x23660D0A;

    private RespWriter() {}

    // ---- commands

    /** The size of a command, exact or nearly so: texts count as ASCII, headers as the longest usual ones. */
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

    /** The size of a reply, nearly exact. */
    static int estimate(Reply reply, int depthLeft) {
        return (int) Math.min(longEstimate(reply, depthLeft), Integer.MAX_VALUE);
    }

    private static long longEstimate(Reply reply, int depthLeft) {
        return switch (reply) {
            case Reply.Simple simple -> 3L + simple.text().length();
            case Reply.Failed failed -> 3L + failed.message().length();
            case Reply.Bulk bulk -> ROOM + (long) bulk.length();
            case Reply.BulkBuffer bulk -> ROOM + (long) bulk.content().readableBytes();
            case Reply.Verbatim verbatim -> ROOM + 4L + verbatim.bulk().length();
            case Reply.BigNumber big -> 4L + big.number().bitLength() / 3;
            case Reply.Real _ -> 2 * ROOM;
            case Reply.Int _, Reply.Null _, Reply.Bool _ -> ROOM;
            case Reply.Array array -> estimate(array.elements(), depthLeft);
            case Reply.Map map -> estimate(map.elements(), depthLeft);
            case Reply.Set set -> estimate(set.elements(), depthLeft);
            case Reply.Push push -> estimate(push.elements(), depthLeft);
            case Reply.Attributed attributed ->
                estimate(attributed.attributes().elements(), depthLeft)
                        + (depthLeft > 0 ? longEstimate(attributed.reply(), depthLeft - 1) : 0);
        };
    }

    private static long estimate(List<Reply> elements, int depthLeft) {
        long total = ROOM;
        if (depthLeft > 0) {
            for (Reply each : elements) {
                total += longEstimate(each, depthLeft - 1);
            }
        }
        return total;
    }

    /** Writes a reply whose arrays are nested at most {@code depthLeft} deep. */
    static void write(Reply reply, int depthLeft, Outgoing out) {
        if (reply instanceof Reply.BulkBuffer bulk) {
            buffer(bulk.content(), out);
        } else {
            write(reply, depthLeft, true, out);
        }
    }

    private static void write(Reply reply, int depthLeft, boolean first, Outgoing out) {
        switch (reply) {
            case Reply.Simple simple -> line('+', simple.text(), out);
            case Reply.Failed failed -> error(failed, out);
            case Reply.Int integer -> integer(integer.number(), out.buffer(24));
            case Reply.Bulk bulk -> {
                int copied = bulk.length() < Payloads.WORTH_PASSING ? bulk.length() : 0;
                writeBytes(bulk.bytes(), out.buffer(ROOM + copied), out);
            }
            case Reply.BulkBuffer _ ->
                throw new IllegalArgumentException(
                        "a BulkBuffer is a reply of its own: within another nobody releases it");
            case Reply.Null nothing -> nothing(nothing, out.buffer(5));
            case Reply.Array array -> aggregate('*', array.elements(), 1, depthLeft, out);
            case Reply.Map map -> aggregate('%', map.elements(), 2, depthLeft, out);
            case Reply.Set set -> aggregate('~', set.elements(), 1, depthLeft, out);
            case Reply.Push push -> {
                if (!first) {
                    throw new IllegalArgumentException("a push can't be within another reply");
                }
                aggregate('>', push.elements(), 1, depthLeft, out);
            }
            case Reply.Attributed attributed -> {
                aggregate('|', attributed.attributes().elements(), 2, depthLeft, out);
                write(attributed.reply(), depthLeft - 1, first, out);
            }
            case Reply.Real real -> shortLine(',', Numbers.text(real.number()), out);
            case Reply.Bool bool -> out.buffer(4).writeInt(bool.truth() ? TRUE : FALSE);
            case Reply.BigNumber big -> bigNumber(big.number(), out);
            case Reply.Verbatim verbatim -> verbatim(verbatim, out);
        }
    }

    private static void nothing(Reply.Null nothing, ByteBuf buffer) {
        switch (nothing) {
            case BULK -> buffer.writeInt(NULL_BULK).writeByte('\n');
            case ARRAY -> buffer.writeInt(NULL_ARRAY).writeByte('\n');
            case RESP3 -> buffer.writeByte('_').writeShort(CR_LF);
        }
    }

    private static void aggregate(char type, List<Reply> elements, int each, int depthLeft, Outgoing out) {
        if (depthLeft <= 0) {
            throw new IllegalArgumentException("arrays are nested deeper than the limit");
        }
        header(out.buffer(ROOM), type, elements.size() / each);
        for (Reply element : elements) {
            write(element, depthLeft - 1, false, out);
        }
    }

    private static void buffer(ByteBuf content, Outgoing out) {
        int length = content.readableBytes();
        if (length < Payloads.WORTH_PASSING) {
            ByteBuf buffer = out.buffer(ROOM + length);
            header(buffer, '$', length);
            buffer.writeBytes(content, content.readerIndex(), length).writeShort(CR_LF);
            return;
        }
        header(out.buffer(ROOM), '$', length);
        out.pass(content.retainedSlice());
        out.buffer(ROOM).writeShort(CR_LF);
    }

    private static void error(Reply.Failed failed, Outgoing out) {
        if (!failed.blob()) {
            line('-', failed.message(), out);
            return;
        }
        Utf8.requirePaired(failed.message(), 0);
        byte[] bytes = failed.message().getBytes(StandardCharsets.UTF_8);
        ByteBuf buffer = out.buffer(ROOM + bytes.length);
        header(buffer, '!', bytes.length);
        buffer.writeBytes(bytes).writeShort(CR_LF);
    }

    private static void verbatim(Reply.Verbatim verbatim, Outgoing out) {
        byte[] bytes = verbatim.bulk().bytes();
        ByteBuf buffer = out.buffer(ROOM + 4 + bytes.length);
        header(buffer, '=', bytes.length + 4);
        Utf8.write(verbatim.format(), buffer);
        buffer.writeByte(':').writeBytes(bytes).writeShort(CR_LF);
    }

    private static void bigNumber(BigInteger number, Outgoing out) {
        String text = number.toString();
        if (text.length() > NumberText.LONGEST_BIG) {
            throw new IllegalArgumentException(
                    "a number of " + text.length() + " digits; RESP3 has at most " + NumberText.LONGEST_BIG + " here");
        }
        shortLine('(', text, out);
    }

    private static void shortLine(char type, String ascii, Outgoing out) {
        ByteBuf buffer = out.buffer(ascii.length() + 3);
        buffer.writeByte(type);
        Utf8.write(ascii, buffer);
        buffer.writeShort(CR_LF);
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

    /** Writes a type, a non-negative number, and CR LF; short ones with one or two writes. */
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
        long left = number < 0 ? number : -number; // computed below zero, where the range is larger by one
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
