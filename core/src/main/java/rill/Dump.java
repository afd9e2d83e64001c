package rill;

import io.netty.buffer.ByteBuf;

/** Formats bytes for people to read: as text if they are text, otherwise in hex and ASCII, 16 per line. */
final class Dump {
    private static final int COLUMNS = 16;
    private static final int OFFSET_DIGITS = 8;

    private Dump() {}

    /** Formats the bytes, at most {@code limit} of them, as {@code PEER, bytes 10 to 15:} and their content. Their indices don't change. */
    static String of(String peer, long offset, ByteBuf bytes, int limit) {
        int length = bytes.readableBytes();
        int shown = Math.min(length, limit);
        var text = new StringBuilder(64 + 5 * shown);
        text.append(peer).append(", ");
        if (length == 1) {
            text.append("byte ").append(offset);
        } else {
            text.append("bytes ").append(offset).append(" to ").append(offset + length - 1);
        }
        text.append(':');
        if (isText(bytes, shown)) {
            text.append(' ');
            appendText(text, bytes, shown);
        } else {
            appendHex(text, offset, bytes, shown);
        }
        if (shown < length) {
            text.append(shown == 0 ? "" : "\n")
                    .append("(")
                    .append(length - shown)
                    .append(" more)");
        }
        return text.toString();
    }

    private static boolean isText(ByteBuf bytes, int length) {
        for (int i = 0; i < length; i++) {
            byte b = bytes.getByte(bytes.readerIndex() + i);
            if (!isPrintable(b) && b != '\r' && b != '\n' && b != '\t') {
                return false;
            }
        }
        return true;
    }

    private static boolean isPrintable(byte b) {
        return b >= ' ' && b < 0x7f;
    }

    /** Appends each line on a separate line; line breaks are shown, since protocols differ in them. */
    private static void appendText(StringBuilder text, ByteBuf bytes, int length) {
        boolean atStart = false;
        for (int i = 0; i < length; i++) {
            char c = (char) bytes.getByte(bytes.readerIndex() + i);
            if (atStart) {
                text.append("\n  ");
            }
            atStart = c == '\n';
            switch (c) {
                case '\r' -> text.append("\\r");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\\' -> text.append("\\\\");
                default -> text.append(c);
            }
        }
    }

    private static void appendHex(StringBuilder text, long offset, ByteBuf bytes, int length) {
        for (int line = 0; line < length; line += COLUMNS) {
            String at = Long.toHexString(offset + line);
            text.append("\n  ")
                    .repeat("0", Math.max(0, OFFSET_DIGITS - at.length()))
                    .append(at)
                    .append("  ");
            int end = Math.min(line + COLUMNS, length);
            for (int i = line; i < line + COLUMNS; i++) {
                if (i < end) {
                    int b = bytes.getUnsignedByte(bytes.readerIndex() + i);
                    text.append(Character.forDigit(b >> 4, 16))
                            .append(Character.forDigit(b & 15, 16))
                            .append(' ');
                } else {
                    text.append("   ");
                }
            }
            text.append(' ');
            for (int i = line; i < end; i++) {
                byte b = bytes.getByte(bytes.readerIndex() + i);
                text.append(isPrintable(b) ? (char) b : '.');
            }
        }
    }
}
