package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A RESP server's reply. All but {@link BulkBuffer} hold no buffer: they may be kept, passed on, and used on any thread.
 *
 * <pre>
 * switch (reply) {
 *     case Reply.Bulk bulk -> bulk.string();
 *     case Reply.Null nothing -> "no such key";
 *     ...
 * }
 * </pre>
 *
 * <p>RESP 2 has {@link Simple}, {@link Failed}, {@link Int}, {@link Bulk}, {@link Null} and {@link Array}. RESP3 adds the rest, and streamed strings
 * and aggregates, which are delivered like any other once they are complete. {@link RespVersion#say} converts a reply for another version.
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification"; RESP3 specification, version 1.4.
 */
public sealed interface Reply {
    /** {@code +OK}. */
    Reply OK = new Simple("OK");

    /** {@code +PONG}. */
    Reply PONG = new Simple("PONG");

    /** {@code +QUEUED}: a command of a transaction has been accepted. */
    Reply QUEUED = new Simple("QUEUED");

    /** The null that most commands reply with. */
    Reply NULL = Null.BULK;

    /** An empty array. */
    Reply EMPTY = new Array(List.of());

    /** An integer; small ones are not allocated. */
    static Int of(long number) {
        return Int.of(number);
    }

    /** A floating-point number. */
    static Real of(double number) {
        return new Real(number);
    }

    /** True or false; not allocated. */
    static Bool of(boolean truth) {
        return truth ? Bool.TRUE : Bool.FALSE;
    }

    /** A bulk string of these bytes, which are not copied. */
    static Bulk bulk(byte[] bytes) {
        return Bulk.of(bytes);
    }

    /** A bulk string of this text in UTF-8. */
    static Bulk bulk(String text) {
        return Bulk.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** An array. */
    static Array array(Reply... elements) {
        return new Array(List.of(elements));
    }

    /** A map of alternating keys and values. */
    static Map map(Reply... keysAndValues) {
        return new Map(List.of(keysAndValues));
    }

    /** A set. */
    static Set set(Reply... elements) {
        return new Set(List.of(elements));
    }

    /** A push of this kind. */
    static Push push(String kind, Reply... rest) {
        Reply[] all = new Reply[rest.length + 1];
        all[0] = bulk(kind);
        System.arraycopy(rest, 0, all, 1, rest.length);
        return new Push(List.of(all));
    }

    /**
     * Returns this reply, without attributes, unless it is an error.
     *
     * @throws RespException if it is {@link Failed}
     */
    Reply orThrow() throws RespException; // not a default method: initializing a reply's class must not need this one's

    /**
     * A status on one line.
     *
     * @param text without CR and LF; bytes that are not UTF-8 were replaced
     */
    record Simple(String text) implements Reply {
        @Override
        public Simple orThrow() {
            return this;
        }
    }

    /**
     * An error.
     *
     * @param message bytes that are not UTF-8 were replaced
     * @param blob whether it is a RESP3 blob error, of any bytes; otherwise it is on one line, without CR and LF
     */
    record Failed(String message, boolean blob) implements Reply {
        /** An error on one line. */
        public Failed(String message) {
            this(message, false);
        }

        /** The first word, such as {@code ERR} or {@code WRONGTYPE}. */
        public String code() {
            int space = message.indexOf(' ');
            return space < 0 ? message : message.substring(0, space);
        }

        @Override
        public Reply orThrow() throws RespException {
            throw new RespException(this);
        }
    }

    /**
     * An integer.
     *
     * @param number the value
     */
    record Int(long number) implements Reply {
        private static final int LOWEST = -128;
        private static final int HIGHEST = 1023;
        private static final Int[] SMALL = new Int[HIGHEST - LOWEST + 1];

        static {
            Arrays.setAll(SMALL, i -> new Int(i + LOWEST));
        }

        /** An integer; small ones are not allocated. */
        static Int of(long number) {
            return number >= LOWEST && number <= HIGHEST ? SMALL[(int) number - LOWEST] : new Int(number);
        }

        @Override
        public Int orThrow() {
            return this;
        }
    }

    /** A bulk string: bytes of any kind. */
    final class Bulk implements Reply {
        private static final Bulk EMPTY = new Bulk(new byte[0]);
        private static final int SHOWN = 64;

        private final byte[] content;

        private Bulk(byte[] content) {
            this.content = content;
        }

        static Bulk of(byte[] content) {
            return content.length == 0 ? EMPTY : new Bulk(content);
        }

        /** The bytes themselves, not a copy. */
        public byte[] bytes() {
            return content;
        }

        /** The bytes as text in UTF-8; malformed ones are replaced. */
        public String string() {
            return new String(content, StandardCharsets.UTF_8);
        }

        /** The number of bytes. */
        public int length() {
            return content.length;
        }

        @Override
        public Bulk orThrow() {
            return this;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Bulk that && Arrays.equals(content, that.content);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(content);
        }

        @Override
        public String toString() {
            return content.length <= SHOWN ? "Bulk[" + string() + "]" : "Bulk[" + content.length + " bytes]";
        }
    }

    /**
     * A bulk string in a buffer, for values that are too large to copy: see {@link RespOptions#handOut}.
     *
     * <p><b>Ownership:</b> must be released by the receiver. When it is written, the connection owns it, as it does every message.
     */
    final class BulkBuffer extends DefaultByteBufHolder implements Reply {
        /** A bulk string of a buffer's readable bytes. Takes ownership of the buffer. */
        public BulkBuffer(ByteBuf content) {
            super(content);
        }

        @Override
        public BulkBuffer replace(ByteBuf content) {
            return new BulkBuffer(content);
        }

        @Override
        public BulkBuffer orThrow() {
            return this;
        }

        @Override
        public String toString() {
            return "BulkBuffer[" + (refCnt() == 0 ? "released" : content().readableBytes() + " bytes") + "]";
        }
    }

    /** No value. RESP 2 has two forms of it, and RESP3 a third. */
    enum Null implements Reply {
        /** {@code $-1}. */
        BULK,
        /** {@code *-1}. */
        ARRAY,
        /** {@code _}, of RESP3. */
        RESP3;

        @Override
        public Null orThrow() {
            return this;
        }

        @Override
        public String toString() {
            return "Null[" + name() + "]";
        }
    }

    /**
     * An array.
     *
     * @param elements unmodifiable
     */
    record Array(List<Reply> elements) implements Reply {
        /** Copies the list unless it is immutable. */
        public Array {
            elements = List.copyOf(elements);
        }

        @Override
        public Array orThrow() {
            return this;
        }
    }

    // ---- what RESP3 adds

    /**
     * A floating-point number, which RESP3 calls a double.
     *
     * @param number may be infinite or NaN
     */
    record Real(double number) implements Reply {
        @Override
        public Real orThrow() {
            return this;
        }
    }

    /** True or false. */
    enum Bool implements Reply {
        /** {@code #t}. */
        TRUE,
        /** {@code #f}. */
        FALSE;

        /** The Java value. */
        public boolean truth() {
            return this == TRUE;
        }

        @Override
        public Bool orThrow() {
            return this;
        }
    }

    /**
     * An integer that may exceed 64 bits.
     *
     * @param number the value
     */
    record BigNumber(BigInteger number) implements Reply {
        @Override
        public BigNumber orThrow() {
            return this;
        }
    }

    /**
     * A text to be displayed as it is.
     *
     * @param format three ASCII characters: {@code txt}, or {@code mkd} for Markdown
     * @param bulk the text
     */
    record Verbatim(String format, Bulk bulk) implements Reply {
        /** Checks the format. */
        public Verbatim {
            if (!format.matches("[!-~]{3}")) {
                throw new IllegalArgumentException(
                        "the format of a verbatim string is three visible characters of ASCII, not " + format);
            }
        }

        /** The text in UTF-8; malformed bytes are replaced. */
        public String string() {
            return bulk.string();
        }

        @Override
        public Verbatim orThrow() {
            return this;
        }
    }

    /**
     * A map, in the order of the wire. A peer may send a key twice.
     *
     * @param elements alternating keys and values; unmodifiable
     */
    record Map(List<Reply> elements) implements Reply {
        /** Copies the list unless it is immutable. Requires a value for every key. */
        public Map {
            elements = List.copyOf(elements);
            if (elements.size() % 2 != 0) {
                throw new IllegalArgumentException("a map of " + elements.size() + " elements: a key has no value");
            }
        }

        /** The number of keys. */
        public int size() {
            return elements.size() / 2;
        }

        /** The value of the first key that is this text, as any kind of string; null if there is none. */
        public @Nullable Reply get(String key) {
            for (int i = 0; i < elements.size(); i += 2) {
                if (key.equals(text(elements.get(i)))) {
                    return elements.get(i + 1);
                }
            }
            return null;
        }

        /** The whole map; if a key is there twice, with its last value. */
        public java.util.Map<Reply, Reply> asMap() {
            var map = new LinkedHashMap<Reply, Reply>();
            for (int i = 0; i < elements.size(); i += 2) {
                map.put(elements.get(i), elements.get(i + 1));
            }
            return map;
        }

        @Override
        public Map orThrow() {
            return this;
        }
    }

    /**
     * A set, in the order of the wire. A peer may send an element twice.
     *
     * @param elements unmodifiable
     */
    record Set(List<Reply> elements) implements Reply {
        /** Copies the list unless it is immutable. */
        public Set {
            elements = List.copyOf(elements);
        }

        @Override
        public Set orThrow() {
            return this;
        }
    }

    /**
     * A message that a server sends unasked, such as one of a channel. It answers no command and is never within another reply.
     *
     * @param elements its kind, which is text, and the rest; unmodifiable
     */
    record Push(List<Reply> elements) implements Reply {
        /** Copies the list unless it is immutable. Requires a kind. */
        public Push {
            elements = List.copyOf(elements);
            if (elements.isEmpty() || text(elements.getFirst()) == null) {
                throw new IllegalArgumentException("a push begins with its kind, a text");
            }
        }

        /** The kind, such as {@code message} or {@code invalidate}. */
        public String kind() {
            return Objects.requireNonNull(text(elements.getFirst()));
        }

        @Override
        public Push orThrow() {
            return this;
        }
    }

    /**
     * A reply with attributes, which say something about it.
     *
     * @param attributes the attributes
     * @param reply the reply proper, which may have further attributes
     */
    record Attributed(Map attributes, Reply reply) implements Reply {
        @Override
        public Reply orThrow() throws RespException {
            return reply.orThrow();
        }
    }

    // ---- for all of them

    /** The reply proper: this one, or the one beneath its attributes. */
    static Reply plain(Reply reply) {
        Reply plain = reply;
        while (plain instanceof Attributed attributed) {
            plain = attributed.reply();
        }
        return plain;
    }

    /** The text of a simple, bulk or verbatim string; null for anything else. */
    static @Nullable String text(Reply reply) {
        return switch (reply) {
            case Simple simple -> simple.text();
            case Bulk bulk -> bulk.string();
            case Verbatim verbatim -> verbatim.string();
            default -> null;
        };
    }

    /** Whether this was sent unasked. */
    static boolean isPush(Reply reply) {
        return plain(reply) instanceof Push;
    }
}
