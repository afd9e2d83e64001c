package rill.transport.sim;

import org.jspecify.annotations.Nullable;

/** A segment in flight from one host to another. */
final class Segment extends Event {
    /** The purposes of segments. */
    enum Purpose {
        /** The first segment, which asks for a connection. */
        SYN,
        /** The answer to {@link #SYN}. */
        SYN_ACK,
        /** Bytes, or only an acknowledgement and the room in the window. */
        DATA,
        /** The end of a stream, after its last byte. */
        FIN,
        /** Asks for an answer: a full receiver, whether it has room again; a silent one, whether it is alive. */
        PROBE,
        /** Ends both streams at once. */
        RST
    }

    /** The bytes that IP and TCP add, for the bandwidth. */
    private static final int HEADER = 40;

    private static final int PREVIEW = 24;

    final Network network;
    final Host source;
    final Host destination;
    final @Nullable Tcp sender; // null: the host itself, which knows no such connection
    final @Nullable Tcp target; // null for a SYN
    final Purpose purpose;
    final int connection;
    long number; // among all of the simulation
    int cutsBefore; // of its route, when it was sent

    long sequence; // of the first byte
    byte @Nullable [] bytes;
    int length;
    long acknowledged; // all bytes before this one
    int window; // how many more may be sent

    Segment(
            Network network,
            Host source,
            Host destination,
            @Nullable Tcp sender,
            @Nullable Tcp target,
            Purpose purpose,
            int connection) {
        this.network = network;
        this.source = source;
        this.destination = destination;
        this.sender = sender;
        this.target = target;
        this.purpose = purpose;
        this.connection = connection;
    }

    @Override
    void happen() {
        network.arrived(this);
    }

    /** Returns the sequence number after its last byte; the end of a stream counts as one. */
    long end() {
        return sequence + length + (purpose == Purpose.FIN ? 1 : 0);
    }

    /** Returns how many bytes of bandwidth it takes. */
    int bytesOnTheWay() {
        return length + HEADER;
    }

    @Nullable
    String preview() {
        return bytes == null ? null : preview(bytes, length);
    }

    /** Returns the first of these bytes as text, or null if they are not text. */
    static @Nullable String preview(byte[] bytes, int length) {
        if (length == 0) {
            return null;
        }
        var text = new StringBuilder();
        for (int i = 0; i < Math.min(length, PREVIEW); i++) {
            char c = (char) (bytes[i] & 0xff);
            if (c >= ' ' && c < 127) {
                text.append(c);
            } else if (c == '\r' || c == '\n') {
                text.append(' ');
            } else {
                return null;
            }
        }
        return text.toString().strip() + (length > PREVIEW ? "…" : "");
    }

    String label() {
        return purpose == Purpose.DATA && length == 0 ? "ACK" : purpose.name();
    }
}
