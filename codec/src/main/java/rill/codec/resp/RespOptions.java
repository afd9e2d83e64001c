package rill.codec.resp;

/**
 * How much a RESP peer may send, and in which forms. Immutable; each method with a parameter gives a changed copy.
 *
 * <p><b>Units:</b> a message costs its content (all its bulk strings, lines and errors) and
 * {@link #ELEMENT_COST} bytes for each of its elements, since a part of one byte takes many times that on the heap.
 */
public final class RespOptions {
    /**
     * What an element of an array or a part of a command is taken to cost beside its content, in bytes: its object, the
     * header of its bytes, its place in a list. An estimate, nearly the most that it takes on a JVM with compressed
     * pointers.
     */
    public static final int ELEMENT_COST = 64;

    /** What a message needs beside its largest part: a name, a key, and what four elements cost. */
    private static final int BESIDE = 4 * ELEMENT_COST + 64;

    private static final int MEBI = 1024 * 1024;
    private static final int LARGEST = 1024 * MEBI;

    private static final RespOptions DEFAULTS = new RespOptions(
            64 * MEBI,
            128 * MEBI,
            Math.max(MEBI, Runtime.getRuntime().maxMemory() / 4),
            MEBI,
            32,
            64 * 1024,
            true,
            Integer.MAX_VALUE);

    private final int bulkBytes;
    private final int messageBytes;
    private final long unfinishedBytes;
    private final int elements;
    private final int depth;
    private final int lineBytes;
    private final boolean inlineCommands;
    private final int handOut;

    private RespOptions(
            int bulkBytes,
            int messageBytes,
            long unfinishedBytes,
            int elements,
            int depth,
            int lineBytes,
            boolean inlineCommands,
            int handOut) {
        this.bulkBytes = bulkBytes;
        this.messageBytes = messageBytes;
        this.unfinishedBytes = unfinishedBytes;
        this.elements = elements;
        this.depth = depth;
        this.lineBytes = lineBytes;
        this.inlineCommands = inlineCommands;
        this.handOut = handOut;
    }

    /**
     * Bulk strings of 64 MiB, messages of 128 MiB, a quarter of the JVM's heap for what is unfinished, 1,048,576 elements,
     * arrays 32 deep, lines of 64 KiB; inline commands are understood.
     */
    public static RespOptions defaults() {
        return DEFAULTS;
    }

    private static int required(String name, int value, int largest) {
        if (value < 1 || value > largest) {
            throw new IllegalArgumentException(name + " is between 1 and " + largest + ", not " + value);
        }
        return value;
    }

    // ---- what it says

    /** How many bytes one bulk string may have. */
    public int bulkBytes() {
        return bulkBytes;
    }

    /** What one message may cost. */
    public int messageBytes() {
        return messageBytes;
    }

    /** What the unfinished messages of all connections together may cost. */
    public long unfinishedBytes() {
        return unfinishedBytes;
    }

    /** How many elements one message may have, those of all its arrays together. */
    public int elements() {
        return elements;
    }

    /** How deep arrays may be nested; 1 is an array of scalars. */
    public int depth() {
        return depth;
    }

    /** How many bytes a simple string, an error or an inline command may have, without its ending. */
    public int lineBytes() {
        return lineBytes;
    }

    /** Whether a server takes commands that are words on a line. */
    public boolean inlineCommands() {
        return inlineCommands;
    }

    /** From how many bytes on a bulk string is handed out in a buffer; {@link Integer#MAX_VALUE} if none is. */
    public int handOut() {
        return handOut;
    }

    // ---- changed copies

    /** With bulk strings of at most so many bytes (up to 1 GiB), and messages that can carry one. */
    public RespOptions bulkBytes(int limit) {
        required("bulkBytes", limit, LARGEST);
        return new RespOptions(
                limit,
                Math.max(messageBytes, limit + BESIDE),
                unfinishedBytes,
                elements,
                depth,
                lineBytes,
                inlineCommands,
                handOut);
    }

    /**
     * With messages that cost at most so much.
     *
     * @throws IllegalArgumentException if such a message could not carry the largest bulk string or line, with a name and a
     *     key beside it: 320 bytes more than {@link #bulkBytes()} and {@link #lineBytes()} are enough
     */
    public RespOptions messageBytes(int limit) {
        int least = Math.max(bulkBytes, lineBytes) + BESIDE;
        if (limit < least) {
            throw new IllegalArgumentException("messageBytes is at least " + least + ", " + BESIDE
                    + " above bulkBytes and lineBytes, not " + limit);
        }
        return new RespOptions(bulkBytes, limit, unfinishedBytes, elements, depth, lineBytes, inlineCommands, handOut);
    }

    /**
     * With unfinished messages that cost at most so much together: those of all connections over one {@code Resp.server}, or
     * over one {@code Resp.client}. The connection that wants more fails with an {@link java.io.IOException}. What a
     * connection holds up to 16 KiB is not counted.
     */
    public RespOptions unfinishedBytes(long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("unfinishedBytes is at least 1, not " + limit);
        }
        return new RespOptions(bulkBytes, messageBytes, limit, elements, depth, lineBytes, inlineCommands, handOut);
    }

    /** With messages of at most so many elements. */
    public RespOptions elements(int limit) {
        required("elements", limit, LARGEST);
        return new RespOptions(
                bulkBytes, messageBytes, unfinishedBytes, limit, depth, lineBytes, inlineCommands, handOut);
    }

    /** With arrays nested at most so deep, up to 1,000. */
    public RespOptions depth(int limit) {
        required("depth", limit, 1000);
        return new RespOptions(
                bulkBytes, messageBytes, unfinishedBytes, elements, limit, lineBytes, inlineCommands, handOut);
    }

    /** With lines of at most so many bytes (up to 1 GiB), and messages that can carry one. */
    public RespOptions lineBytes(int limit) {
        required("lineBytes", limit, LARGEST);
        return new RespOptions(
                bulkBytes,
                Math.max(messageBytes, limit + BESIDE),
                unfinishedBytes,
                elements,
                depth,
                limit,
                inlineCommands,
                handOut);
    }

    /**
     * With inline commands, or without: then a command is an array and nothing else. Without them text of another protocol is
     * refused at its first byte, whatever it says.
     */
    public RespOptions inlineCommands(boolean understood) {
        return new RespOptions(
                bulkBytes, messageBytes, unfinishedBytes, elements, depth, lineBytes, understood, handOut);
    }

    /**
     * With bulk strings of at least so many bytes, where they are a reply of their own, handed out as {@link Reply.BulkBuffer}, in the buffer that
     * they came in, instead of copied. Whoever receives one releases it. Unless this is said, all are {@link Reply.Bulk}.
     */
    public RespOptions handOut(int fromBytes) {
        required("handOut", fromBytes, LARGEST);
        return new RespOptions(
                bulkBytes, messageBytes, unfinishedBytes, elements, depth, lineBytes, inlineCommands, fromBytes);
    }

    /** Without handing anything out. */
    RespOptions copyAll() {
        return new RespOptions(
                bulkBytes,
                messageBytes,
                unfinishedBytes,
                elements,
                depth,
                lineBytes,
                inlineCommands,
                Integer.MAX_VALUE);
    }

    @Override
    public String toString() {
        return "RespOptions[bulkBytes=" + bulkBytes + ", messageBytes=" + messageBytes + ", unfinishedBytes="
                + unfinishedBytes + ", elements=" + elements + ", depth=" + depth + ", lineBytes=" + lineBytes
                + ", inlineCommands=" + inlineCommands
                + (handOut == Integer.MAX_VALUE ? "" : ", handOut=" + handOut) + "]";
    }
}
