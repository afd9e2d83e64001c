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
 * What goes over a WebSocket. All but {@link Binary} and {@link BinaryPart} hold no buffer: they may be kept, passed on, and used on any thread.
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
 * <p>By default a connection gives {@link Text}, {@link Binary} and, last, {@link Close}. With {@link WebSocketOptions#inParts} it gives {@link TextPart}
 * and {@link BinaryPart} in place of whole messages; with {@link WebSocketOptions#controlByHand} also {@link Ping} and {@link Pong}. All of them may be
 * written in any case.
 *
 * <p><b>Ownership:</b> a {@link Binary} or {@link BinaryPart} is its buffer, as far as references are concerned. Whoever receives one takes its {@link
 * Binary#bytes bytes}, writes it on, or {@link #release releases} it, also where he expects texts alone: a peer may send it all the same. What nobody received the connection
 * releases. To write one hands it over; to write it to several, {@code retain} it for each but the last. Arrays are not copied: do not change one that was given to a
 * message.
 *
 * <p><b>Source:</b> RFC 6455, section 5.
 */
public sealed interface WebSocketMessage {
    /** A text. */
    static Text text(String text) {
        return new Text(text);
    }

    /** Bytes, which are not copied. */
    static Binary binary(byte[] bytes) {
        return new Binary(bytes);
    }

    /** The bytes that can be read from a buffer, which the message takes over. */
    static Binary binary(ByteBuf content) {
        return new Binary(content);
    }

    /** A ping without anything in it. */
    static Ping ping() {
        return Ping.EMPTY;
    }

    /** The beginning of the end. */
    static Close close(int code, String reason) {
        return new Close(code, reason);
    }

    /**
     * Gives back the buffer of a message that its receiver has no use for, if it has one.
     *
     * @return whether that is free now
     */
    default boolean release() {
        return false;
    }

    /** Takes one more reference of a message's buffer, if it has one: to write one message to several, before each but the last. */
    default WebSocketMessage retain() {
        return this;
    }

    /** A whole text message. */
    record Text(String text) implements WebSocketMessage {}

    /** A whole message of bytes. Where it came in, its buffer is its receiver's. */
    final class Binary extends Payload implements WebSocketMessage {
        /** Of these bytes, which are not copied. */
        public Binary(byte[] bytes) {
            this(Unpooled.wrappedBuffer(bytes));
        }

        /** Of the bytes that can be read from a buffer, which it takes over. */
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

    /** A piece of a message of bytes. Where it came in, its buffer is its receiver's. */
    final class BinaryPart extends Payload implements WebSocketMessage {
        private final boolean last;

        /** Of these bytes, which are not copied. */
        public BinaryPart(byte[] bytes, boolean last) {
            this(Unpooled.wrappedBuffer(bytes), last);
        }

        /** Of the bytes that can be read from a buffer, which it takes over. */
        public BinaryPart(ByteBuf content, boolean last) {
            super(content);
            this.last = last;
        }

        /** Whether the message ends with it; the last one may be empty. */
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

    /** Asks the peer for a {@link Pong} with the same in it, of at most 125 bytes. */
    final class Ping extends Octets implements WebSocketMessage {
        static final Ping EMPTY = new Ping(new byte[0]);

        /** With these bytes, which are not copied. */
        public Ping(byte[] bytes) {
            super(bytes);
        }
    }

    /** The answer to a {@link Ping}, or a mere sign of life; of at most 125 bytes. */
    final class Pong extends Octets implements WebSocketMessage {
        /** With these bytes, which are not copied. */
        public Pong(byte[] bytes) {
            super(bytes);
        }
    }

    /**
     * The end. The last message that the peer sends, which is answered by itself; written, the last that leaves, and the peer answers it within
     * {@link WebSocketOptions#closeTimeout}, or the connection fails.
     *
     * @param code why; {@link #NO_CODE} if none was given
     * @param reason in words, of at most 123 bytes in UTF-8
     */
    record Close(int code, String reason) implements WebSocketMessage {
        /** All is well, and done. */
        public static final int NORMAL = 1000;

        /** The server stops, or the user has left the page. */
        public static final int GOING_AWAY = 1001;

        /** The peer broke the protocol. */
        public static final int PROTOCOL_ERROR = 1002;

        /** The peer has sent a kind of message that can't be accepted. */
        public static final int UNSUPPORTED = 1003;

        /** None was given; it never travels. */
        public static final int NO_CODE = 1005;

        /** A text that is not UTF-8, or compressed bytes that are none. */
        public static final int MALFORMED = 1007;

        /** A message that is against the rules of whoever received it. */
        public static final int POLICY = 1008;

        /** A message that is too big. */
        public static final int TOO_BIG = 1009;

        /** Something went wrong on this side. */
        public static final int INTERNAL_ERROR = 1011;

        private static final int LONGEST_REASON = 123;

        /** Refuses what may not be sent: codes that are reserved or unknown, a long reason, a reason without a code. */
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

        /** Whether an endpoint may send it: RFC 6455, section 7.4, and the registry of IANA. */
        static boolean isValid(int code) {
            return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        }
    }

    /** What is made of bytes in a buffer. */
    abstract sealed class Payload implements ReferenceCounted permits Binary, BinaryPart {
        private final ByteBuf content;

        private Payload(ByteBuf content) {
            this.content = Objects.requireNonNull(content, "content");
        }

        /** The bytes, from the reader index to the writer index. The buffer stays the message's, and is released with it. */
        public final ByteBuf content() {
            return content;
        }

        /**
         * Takes the bytes: all of them in an array of their own, for which the message is released.
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

        /** How many bytes. */
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

    /** What is made of few bytes. */
    abstract sealed class Octets permits Ping, Pong {
        private static final int SHOWN = 64;

        private final byte[] bytes;

        private Octets(byte[] bytes) {
            this.bytes = bytes;
        }

        /** The bytes themselves, not a copy. */
        public final byte[] bytes() {
            return bytes;
        }

        /** How many bytes. */
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
