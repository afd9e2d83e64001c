package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads from a client's first message which server it wants, without consuming the message: the engine, which is made for that server, reads it
 * again.
 *
 * <p>The message may arrive in any number of records, and those in any number of pieces; each byte is looked at once. It has at most 16 KiB.
 *
 * <p><b>Source:</b> RFC 8446, sections 4 and 4.1.2; RFC 6066, section 3.
 */
final class ClientHello {
    static final int LONGEST = 16 * 1024;

    private static final int MOST_RECORDS = 1024; // for each, the engine copies all that came before
    private static final int MESSAGE_HEADER = 4;
    private static final int CLIENT_HELLO = 1;
    private static final int RANDOM = 32;
    private static final int SERVER_NAME = 0; // the extension
    private static final int HOST_NAME = 0; // the only kind of name

    private final ByteBuf message = Unpooled.buffer(512, MESSAGE_HEADER + LONGEST);
    private int records;
    private int next; // where the next record begins, counted from the first

    /** The message is not valid. The exception's text says why, and the alert is for the peer. */
    static final class Refused extends Exception {
        final int alert;
        final String alertName;

        Refused(int alert, String alertName, String message) {
            super(message);
            this.alert = alert;
            this.alertName = alertName;
        }
    }

    private static Refused malformed(String what) {
        return new Refused(50, "decode_error", "its ClientHello is malformed: " + what);
    }

    /**
     * Looks at the bytes that have arrived since the last call.
     *
     * @param in all bytes that have arrived
     * @return whether the message is complete
     */
    boolean isComplete(ByteBuf in) throws Refused {
        while (!complete()) {
            int left = in.readableBytes() - next;
            if (left < TlsRecord.HEADER) {
                return false;
            }
            int at = in.readerIndex() + next;
            int length = in.getUnsignedShort(at + 3);
            if (in.getUnsignedByte(at) != TlsRecord.HANDSHAKE || length == 0 || length > LONGEST) {
                throw new Refused(10, "unexpected_message", "it begins with something else than a ClientHello");
            }
            if (left < TlsRecord.HEADER + length) {
                return false;
            }
            records++;
            if (records > MOST_RECORDS) {
                throw malformed("it comes in more than " + MOST_RECORDS + " records");
            }
            int room = message.maxCapacity() - message.writerIndex();
            message.writeBytes(in, at + TlsRecord.HEADER, Math.min(length, room));
            next += TlsRecord.HEADER + length;
            checkHeader();
        }
        return true;
    }

    private boolean complete() {
        return message.writerIndex() >= MESSAGE_HEADER
                && message.writerIndex() >= MESSAGE_HEADER + message.getUnsignedMedium(1);
    }

    private void checkHeader() throws Refused {
        if (message.getByte(0) != CLIENT_HELLO) {
            throw new Refused(10, "unexpected_message", "it begins with something else than a ClientHello");
        }
        if (message.writerIndex() >= MESSAGE_HEADER && message.getUnsignedMedium(1) > LONGEST) {
            throw malformed("it has " + message.getUnsignedMedium(1) + " bytes; accepted are " + LONGEST);
        }
    }

    /** The name in a complete message, in lower case; null if it has none. */
    @Nullable
    String serverName() throws Refused {
        try {
            ByteBuf hello = message.slice(MESSAGE_HEADER, message.getUnsignedMedium(1));
            hello.skipBytes(2 + RANDOM);
            hello.skipBytes(hello.readUnsignedByte()); // session identifier
            hello.skipBytes(hello.readUnsignedShort()); // cipher suites
            hello.skipBytes(hello.readUnsignedByte()); // compression methods
            return hello.isReadable() ? nameAmong(hello.readSlice(hello.readUnsignedShort())) : null;
        } catch (IndexOutOfBoundsException e) {
            throw malformed("a length in it points beyond its end");
        }
    }

    private static @Nullable String nameAmong(ByteBuf extensions) throws Refused {
        String name = null;
        while (extensions.isReadable()) {
            int type = extensions.readUnsignedShort();
            ByteBuf content = extensions.readSlice(extensions.readUnsignedShort());
            if (type == SERVER_NAME) {
                if (name != null) {
                    throw malformed("it names the server twice");
                }
                name = nameIn(content.readSlice(content.readUnsignedShort()));
            }
        }
        return name;
    }

    private static String nameIn(ByteBuf names) throws Refused {
        int kind = names.readUnsignedByte();
        ByteBuf name = names.readSlice(names.readUnsignedShort());
        if (kind != HOST_NAME || names.isReadable()) {
            throw malformed("a server has one name, which is a host's");
        }
        String text = name.toString(StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        if (text.isEmpty() || text.length() > 255 || !text.chars().allMatch(ClientHello::isOfAName)) {
            throw malformed("the server's name in it is none");
        }
        return text;
    }

    private static boolean isOfAName(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    }
}
