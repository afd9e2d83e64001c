package rill.http.wire;

/**
 * The head of a message: a {@link RequestHead} or a {@link ResponseHead}. A head whose end of message two readers could understand differently is
 * rejected, from a peer and from a caller alike.
 */
public sealed interface Head permits RequestHead, ResponseHead {
    /** The length of a body that is sent in chunks. */
    long CHUNKED = -1;

    /** The length of a body that ends with the connection; only of responses. */
    long UNTIL_CLOSE = -2;

    /** Returns the fields. */
    HttpFields fields();

    /** Returns the minor version: 1 for HTTP/1.1, and 0 for HTTP/1.0. */
    int minorVersion();

    /**
     * Returns the number of bytes of the body, or {@link #CHUNKED}, or {@link #UNTIL_CLOSE}. If it is 0, the message is only its head, and neither
     * {@link Data} nor {@link End} follows. That includes the response to HEAD, whatever its fields say.
     */
    long bodyLength();

    /** Returns whether a body follows the head. */
    default boolean hasBody() {
        return bodyLength() != 0;
    }

    /** Returns whether this message allows the connection to be used for another request. */
    boolean keepAlive();
}
