package rill.http.wire;

/**
 * The head of a message: a {@link RequestHead} or a {@link ResponseHead}. It is made whole or not at all: whatever would let two readers differ about
 * where the message ends is refused, of a peer and of a caller alike.
 */
public sealed interface Head permits RequestHead, ResponseHead {
    /** The length of a body that is sent in chunks, until the last of them. */
    long CHUNKED = -1;

    /** The length of a body that is over when the connection is; of responses alone. */
    long UNTIL_CLOSE = -2;

    /** The fields. */
    HttpFields fields();

    /** The version: 1 for HTTP/1.1, and 0 for HTTP/1.0. */
    int minorVersion();

    /**
     * How many bytes the body has, or {@link #CHUNKED}, or {@link #UNTIL_CLOSE}. If it has none, 0: then the message is its head alone, and neither
     * {@link Data} nor {@link End} follows. That also holds for the response to HEAD, whatever its fields say.
     */
    long bodyLength();

    /** Whether something follows the head. */
    default boolean hasBody() {
        return bodyLength() != 0;
    }

    /** Whether the connection may be used for another request afterwards, as far as this message is concerned. */
    boolean keepAlive();
}
