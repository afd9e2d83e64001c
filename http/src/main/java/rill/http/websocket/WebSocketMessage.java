package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCounted;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A message of a WebSocket. All kinds but {@link Binary} and {@link BinaryPart} hold no buffer: they may be kept, passed on, and used on any thread.
 *
 * <pre>{@code
 * switch (message) {
 *     case WebSocketMessage.Text text -> show(text.text());
 *     case WebSocketMessage.Binary binary -> store(binary.bytes()); // or content(), and then release()
 *     case WebSocketMessage.Close close -> log(close.code());
 *     default -> message.release();
 * }
 * }</pre>
 *
 * <p>By default a connection delivers {@link Text}, {@link Binary} and, last, {@link Close}. With {@link WebSocketOptions#inParts} it delivers
 * {@link TextPart} and {@link BinaryPart} instead of whole messages; with {@link WebSocketOptions#controlByHand} also {@link Ping} and {@link Pong}.
 * All of them may always be written.
 *
 * <p><b>Ownership:</b> a {@link Binary} or {@link BinaryPart} shares the reference count of its buffer. The receiver of one must take its
 * {@link Binary#bytes bytes}, write it on, or {@link #release release} it, even if it expects only text: a peer may send it all the same. Messages that
 * nobody received are released by the connection. Writing a message transfers ownership; to write it to several connections, {@code retain} it for each
 * but the last. Arrays are not copied: do not change one after passing it to a message.
 *
 * <p><b>Source:</b> RFC 6455, section 5.
 */
public sealed interface WebSocketMessage {
    /** Returns a text message. */
    static Text text(String text) {
        return new Text(text);
    }

    /** Returns a message of these bytes, which are not copied. */
    static Binary binary(byte[] bytes) {
        return new Binary(bytes);
    }

    /** Returns a message of the readable bytes of a buffer, whose ownership is transferred. */
    static Binary binary(ByteBuf content) {
        return new Binary(content);
    }

    /** Returns an empty ping. */
    static Ping ping() {
        return Ping.EMPTY;
    }

    /** Returns a Close, which begins the closing handshake. */
    static Close close(int code, String reason) {
        return new Close(code, reason);
    }

    /**
     * Releases the buffer of a message, if it has one, when its receiver has no use for it.
     *
     * @return whether the buffer was deallocated
     */
    default boolean release() {
        return false;
    }

    /** Retains the buffer of a message, if it has one: to write one message to several connections, before each write but the last. */
    default WebSocketMessage retain() {
        return this;
    }

    /** A whole text message. */
    record Text(String text) implements WebSocketMessage {}

    /** A whole binary message. The buffer of a received one belongs to the receiver. */
    final class Binary extends Payload implements WebSocketMessage {
        /** A message of these bytes, which are not copied. */
        public Binary(byte[] bytes) {
            this(Unpooled.wrappedBuffer(bytes));
        }

        /** A message of the readable bytes of a buffer, whose ownership is transferred. */
        public Binary(ByteBuf content) {
            super(content);
        }

        @Override
        public Binary retain() {
            return retain(1);
        }

        @Override
        public Binary retain(int increment) {
            content().retain(increment);
            return this;
        }
    }

    /**
     * A piece of a text message, of whole characters.
     *
     * @param last whether the message ends with it; the last one may be empty
     */
    record TextPart(String text, boolean last) implements WebSocketMessage {}

    /** A piece of a binary message. The buffer of a received one belongs to the receiver. */
    final class BinaryPart extends Payload implements WebSocketMessage {
        private final boolean last;

        /** A piece of these bytes, which are not copied. */
        public BinaryPart(byte[] bytes, boolean last) {
            this(Unpooled.wrappedBuffer(bytes), last);
        }

        /** A piece of the readable bytes of a buffer, whose ownership is transferred. */
        public BinaryPart(ByteBuf content, boolean last) {
            super(content);
            this.last = last;
        }

        /** Returns whether the message ends with it; the last one may be empty. */
        public boolean last() {
            return last;
        }

        @Override
        public BinaryPart retain() {
            return retain(1);
        }

        @Override
        public BinaryPart retain(int increment) {
            content().retain(increment);
            return this;
        }

        @Override
        public boolean equals(Object other) {
            return super.equals(other) && ((BinaryPart) other).last == last;
        }

        @Override
        public int hashCode() {
            return 31 * super.hashCode() + Boolean.hashCode(last);
        }

        @Override
        public String toString() {
            return super.toString() + (last ? ", the last" : "");
        }
    }

    /** Asks the peer for a {@link Pong} with the same payload, of at most 125 bytes. */
    final class Ping extends Octets implements WebSocketMessage {
        static final Ping EMPTY = new Ping(new byte[0]);

        /** A ping with these bytes, which are not copied. */
        public Ping(byte[] bytes) {
            super(bytes);
        }
    }

    /** The answer to a {@link Ping}, or an unsolicited sign of life; of at most 125 bytes. */
    final class Pong extends Octets implements WebSocketMessage {
        /** A pong with these bytes, which are not copied. */
        public Pong(byte[] bytes) {
            super(bytes);
        }
    }

    /**
     * The end. A received one is the peer's last message, and is answered automatically. A written one is the last message sent; if the peer does not
     * answer it within {@link WebSocketOptions#closeTimeout}, the connection fails.
     *
     * @param code the reason as a number; {@link #NO_CODE} if there is none
     * @param reason the reason in words, of at most 123 bytes in UTF-8
     */
    record Close(int code, String reason) implements WebSocketMessage {
        /** Completed normally. */
        public static final int NORMAL = 1000;

        /** The server is shutting down, or the user has left the page. */
        public static final int GOING_AWAY = 1001;

        /** The peer broke the protocol. */
        public static final int PROTOCOL_ERROR = 1002;

        /** The peer has sent a kind of message that this side does not accept. */
        public static final int UNSUPPORTED = 1003;

        /** No code was sent; never on the wire. */
        public static final int NO_CODE = 1005;

        /** A text that is not UTF-8, or compressed data that is malformed. */
        public static final int MALFORMED = 1007;

        /** A message that violates the receiver's policy. */
        public static final int POLICY = 1008;

        /** A message that is too large. */
        public static final int TOO_BIG = 1009;

        /** An error on this side. */
        public static final int INTERNAL_ERROR = 1011;

        private static final int LONGEST_REASON = 123;

        /** Rejects what may not be sent: reserved or unknown codes, a reason that is too long, a reason without a code. */
        public Close {
            if (code == NO_CODE ? !reason.isEmpty() : !isValid(code)) {
                throw new IllegalArgumentException("a Close with the code " + code
                        + (code == NO_CODE
                                ? ", which means that there is none, and a reason"
                                : ", which may not be sent"));
            }
            if (reason.length() > LONGEST_REASON || ByteBufUtil.utf8Bytes(reason) > LONGEST_REASON) {
                throw new IllegalArgumentException(
                        "a Close with a reason of more than " + LONGEST_REASON + " bytes: " + reason);
            }
            Content.requirePaired(reason);
        }

        /** Whether an endpoint may send this code: RFC 6455, section 7.4, and the registry of IANA. */
        static boolean isValid(int code) {
            return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        }
    }

    /** A message with its payload in a buffer. */
    abstract sealed class Payload implements ReferenceCounted permits Binary, BinaryPart {
        private final ByteBuf content;

        private Payload(ByteBuf content) {
            this.content = Objects.requireNonNull(content, "content");
        }

        /** Returns the bytes, from the reader index to the writer index. The buffer remains owned by the message, and is released with it. */
        public final ByteBuf content() {
            return content;
        }

        /**
         * Copies the bytes to a new array, and releases the message.
         *
         * @throws IllegalReferenceCountException if it was released before
         */
        public final byte[] bytes() {
            if (content.refCnt() == 0) {
                throw new IllegalReferenceCountException("the bytes of a message that was released");
            }
            byte[] all = ByteBufUtil.getBytes(content);
            content.release();
            return all;
        }

        /** Returns the number of bytes. */
        public final int length() {
            return content.readableBytes();
        }

        @Override
        public final int refCnt() {
            return content.refCnt();
        }

        @Override
        public final ReferenceCounted touch() {
            content.touch();
            return this;
        }

        @Override
        public final ReferenceCounted touch(Object hint) {
            content.touch(hint);
            return this;
        }

        @Override
        public final boolean release() {
            return content.release();
        }

        @Override
        public final boolean release(int decrement) {
            return content.release(decrement);
        }

        @Override
        public boolean equals(Object other) {
            return this == other
                    || (other instanceof Payload that
                            && that.getClass() == getClass()
                            && content.refCnt() > 0
                            && that.content.refCnt() > 0
                            && content.equals(that.content));
        }

        @Override
        public int hashCode() {
            return content.refCnt() == 0 ? 0 : content.hashCode();
        }

        @Override
        public String toString() {
            String shown = content.refCnt() == 0
                    ? "released"
                    : length() <= Octets.SHOWN
                            ? "\"" + content.toString(StandardCharsets.ISO_8859_1) + "\""
                            : length() + " bytes";
            return getClass().getSimpleName() + "[" + shown + "]";
        }
    }

    /** A message of a few bytes. */
    abstract sealed class Octets permits Ping, Pong {
        private static final int SHOWN = 64;

        private final byte[] bytes;

        private Octets(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Returns the bytes themselves, not a copy. */
        public final byte[] bytes() {
            return bytes;
        }

        /** Returns the number of bytes. */
        public final int length() {
            return bytes.length;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Octets that && that.getClass() == getClass() && Arrays.equals(bytes, that.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            String content = bytes.length <= SHOWN
                    ? "\"" + new String(bytes, StandardCharsets.ISO_8859_1) + "\""
                    : bytes.length + " bytes";
            return getClass().getSimpleName() + "[" + content + "]";
        }
    }
}
