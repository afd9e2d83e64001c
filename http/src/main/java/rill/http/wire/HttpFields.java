package rill.http.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a message's head, or of its trailers: names and values, in the order of the wire. Immutable; each method that changes something returns
 * a changed copy. All fields in it may be sent: names are tokens, and values have no control characters.
 *
 * <p>It holds the bytes of the wire, and decodes a value when it is asked for, so that forwarding fields costs one copy, whatever they contain. Names
 * are compared ignoring case; values are Latin 1.
 *
 * <p><b>Errors:</b> {@link IllegalArgumentException} for a name or value that can't be sent (CR, LF, NUL and other control characters; blanks at the
 * ends of a value), and for more than {@value #LARGEST} bytes in total.
 *
 * <p><b>Source:</b> RFC 9110, section 5.
 */
public final class HttpFields {
    /** The largest size of all fields together, in bytes, with their separators. */
    public static final int LARGEST = 0xFFFF;

    private static final int KNOWN = 1 << 31;
    private static final VarHandle FACTS;

    static {
        try {
            FACTS = MethodHandles.lookup().findVarHandle(HttpFields.class, "facts", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final HttpFields NONE = new HttpFields(new byte[0], 0, 0, new long[0]);

    /** Names whose values are not printed. */
    private static final List<String> SECRETS = List.of("authorization", "proxy-authorization", "cookie", "set-cookie");

    private final byte[] bytes;
    private final int from;
    private final int to;
    private final long[] index;
    private long contentLength;
    private int facts; // FieldFacts and KNOWN, or 0 before they are collected. Written last, read first: by any thread

    private HttpFields(byte[] bytes, int from, int to, long[] index) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        this.index = index;
    }

    /**
     * Fields whose bytes have been checked.
     *
     * @param from where they begin: {@code name: value CR LF} for each
     * @param to where they end
     * @param index where the name and the value of each begin and end: see {@link #entry}
     * @param facts {@link FieldFacts#flags}
     */
    HttpFields(byte[] bytes, int from, int to, long[] index, int facts, long contentLength) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        this.index = index;
        this.contentLength = contentLength;
        FACTS.setRelease(this, facts | KNOWN);
    }

    /** An entry of the index. Each position is below 65,536. */
    static long entry(int name, int nameEnd, int value, int valueEnd) {
        return ((long) name << 48) | ((long) nameEnd << 32) | ((long) value << 16) | valueEnd;
    }

    private static int name(long entry) {
        return (int) (entry >>> 48);
    }

    private static int nameEnd(long entry) {
        return (int) (entry >>> 32) & 0xFFFF;
    }

    private static int value(long entry) {
        return (int) (entry >>> 16) & 0xFFFF;
    }

    private static int valueEnd(long entry) {
        return (int) entry & 0xFFFF;
    }

    // ---- making

    /** Returns an instance without fields. */
    public static HttpFields none() {
        return NONE;
    }

    /** Returns fields with these names and values, which alternate. */
    public static HttpFields of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("names and values by turns, not " + namesAndValues.length + " of them");
        }
        HttpFields fields = NONE;
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields = fields.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    /** Returns a copy with one more field at the end, whether or not there is one of the same name. */
    public HttpFields add(String name, String value) {
        Grammar.requireToken(name, "the name of a field");
        Grammar.requireText(value, name);
        int size = to - from;
        long all = (long) size + name.length() + value.length() + 4;
        if (all > LARGEST) {
            throw new IllegalArgumentException(
                    "fields of " + all + " bytes, with " + name + "; at most " + LARGEST + " fit");
        }
        byte[] more = Arrays.copyOfRange(bytes, from, from + (int) all);
        int at = size;
        at = put(name, more, at);
        more[at++] = ':';
        more[at++] = ' ';
        at = put(value, more, at);
        more[at++] = '\r';
        more[at] = '\n';
        long[] entries = shifted(0, index.length, -from, index.length + 1);
        int valueAt = size + name.length() + 2;
        entries[index.length] = entry(size, size + name.length(), valueAt, valueAt + value.length());
        return new HttpFields(more, 0, more.length, entries);
    }

    private static int put(String text, byte[] to, int at) {
        byte[] latin = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(latin, 0, to, at, latin.length);
        return at + latin.length;
    }

    private long[] shifted(int first, int end, int by, int space) {
        long[] moved = new long[space];
        for (int i = first; i < end; i++) {
            long entry = index[i];
            moved[i - first] = entry(name(entry) + by, nameEnd(entry) + by, value(entry) + by, valueEnd(entry) + by);
        }
        return moved;
    }

    /** Returns a copy with this field at the end, which replaces any fields of the same name. */
    public HttpFields with(String name, String value) {
        return without(name).add(name, value);
    }

    /** Returns a copy without the fields of this name. */
    public HttpFields without(String name) {
        if (!contains(name)) {
            return this;
        }
        HttpFields rest = NONE;
        for (int i = 0; i < index.length; i++) {
            if (!isNamed(i, name)) {
                rest = rest.add(wireName(i), value(i));
            }
        }
        return rest;
    }

    /** Returns a copy with all of these at the end. */
    public HttpFields addAll(HttpFields others) {
        if (isEmpty()) {
            return others;
        }
        HttpFields all = this;
        for (int i = 0; i < others.index.length; i++) {
            all = all.add(others.wireName(i), others.value(i));
        }
        return all;
    }

    // ---- asking

    /** Returns the number of fields. */
    public int size() {
        return index.length;
    }

    /** Returns whether there are no fields. */
    public boolean isEmpty() {
        return index.length == 0;
    }

    /** Returns the name of a field in lower case; for a common name always the same object. */
    public String name(int field) {
        long entry = index[field];
        int at = name(entry);
        int length = nameEnd(entry) - at;
        KnownFields.Known known = KnownFields.find(bytes, at, length);
        return known != null ? known.name : wireName(field).toLowerCase(Locale.ROOT);
    }

    private String wireName(int field) {
        long entry = index[field];
        return latin(name(entry), nameEnd(entry));
    }

    /** Returns the value of a field, without the blanks around it. */
    public String value(int field) {
        long entry = index[field];
        return latin(value(entry), valueEnd(entry));
    }

    private String latin(int start, int end) {
        return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }

    /** Returns the value of the first field of this name, or null if there is none. */
    public @Nullable String get(String name) {
        int field = find(name, 0);
        return field < 0 ? null : value(field);
    }

    /** Returns the values of all fields of this name, in order. */
    public List<String> all(String name) {
        var values = new ArrayList<String>(2);
        for (int i = find(name, 0); i >= 0; i = find(name, i + 1)) {
            values.add(value(i));
        }
        return values;
    }

    /** Returns whether there is a field of this name. */
    public boolean contains(String name) {
        return find(name, 0) >= 0;
    }

    /**
     * Returns whether one of the fields of this name, read as comma-separated lists, contains this element, ignoring case:
     * {@code hasToken("connection", "close")}.
     */
    public boolean hasToken(String name, String token) {
        for (int i = find(name, 0); i >= 0; i = find(name, i + 1)) {
            if (hasToken(i, token)) {
                return true;
            }
        }
        return false;
    }

    private boolean hasToken(int field, String token) {
        long entry = index[field];
        int end = valueEnd(entry);
        int at = value(entry);
        while (at < end) {
            int comma = at;
            while (comma < end && bytes[comma] != ',') {
                comma++;
            }
            int first = at;
            int last = comma;
            while (first < last && Grammar.isBlank(bytes[first])) {
                first++;
            }
            while (last > first && Grammar.isBlank(bytes[last - 1])) {
                last--;
            }
            if (isSame(first, last, token)) {
                return true;
            }
            at = comma + 1;
        }
        return false;
    }

    /** Calls {@code each} with every name, in lower case, and its value. */
    public void forEach(BiConsumer<? super String, ? super String> each) {
        for (int i = 0; i < index.length; i++) {
            each.accept(name(i), value(i));
        }
    }

    private int find(String name, int first) {
        for (int i = first; i < index.length; i++) {
            if (isNamed(i, name)) {
                return i;
            }
        }
        return -1;
    }

    private boolean isNamed(int field, String name) {
        long entry = index[field];
        return isSame(name(entry), nameEnd(entry), name);
    }

    /** Whether these bytes are this text, ignoring case. */
    private boolean isSame(int start, int end, String text) {
        if (end - start != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            int one = bytes[start + i];
            int other = text.charAt(i);
            if (one != other && (small(one) != small(other) || other > 0x7F)) {
                return false;
            }
        }
        return true;
    }

    private static int small(int character) {
        return character >= 'A' && character <= 'Z' ? character + 0x20 : character;
    }

    // ---- for the codecs

    /** The bytes that hold the fields as they are sent, from {@link #from} to {@link #to}. */
    byte[] bytes() {
        return bytes;
    }

    int from() {
        return from;
    }

    /** The id of a field among the {@link KnownFields}, or {@link KnownFields#UNKNOWN}. */
    int known(int field) {
        long entry = index[field];
        KnownFields.Known known = KnownFields.find(bytes, name(entry), nameEnd(entry) - name(entry));
        return known == null ? KnownFields.UNKNOWN : known.id;
    }

    /**
     * What the fields state about the framing and the connection.
     *
     * @throws IllegalArgumentException if they contradict each other
     */
    int facts() {
        int known = (int) FACTS.getAcquire(this);
        return known == 0 ? collect() : known & ~KNOWN;
    }

    private int collect() {
        var collected = new FieldFacts();
        try {
            for (int i = 0; i < index.length; i++) {
                collected.note(known(i), bytes, value(index[i]), valueEnd(index[i]));
            }
        } catch (HttpProtocolException e) {
            throw new IllegalArgumentException(e.violation(), e);
        }
        contentLength = collected.contentLength;
        FACTS.setRelease(this, collected.flags | KNOWN);
        return collected.flags;
    }

    /** Valid only after a call of {@link #facts()}. */
    long contentLength() {
        return contentLength;
    }

    int to() {
        return to;
    }

    // ---- as an object

    /** Compares names, ignoring case, and values, in order. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof HttpFields fields) || fields.size() != size()) {
            return false;
        }
        for (int i = 0; i < index.length; i++) {
            if (!isNamed(i, fields.wireName(i)) || !value(i).equals(fields.value(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 0;
        for (int i = 0; i < index.length; i++) {
            hash = 31 * hash + Objects.hash(name(i), value(i));
        }
        return hash;
    }

    /** The names and values, except those of credentials and cookies. */
    @Override
    public String toString() {
        var text = new StringBuilder("[");
        for (int i = 0; i < index.length; i++) {
            String name = name(i);
            text.append(i == 0 ? "" : ", ").append(name).append(": ").append(SECRETS.contains(name) ? "…" : value(i));
        }
        return text.append(']').toString();
    }
}
