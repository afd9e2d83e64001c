package rill.transport.nio;

import rill.ClientProtocol;
import rill.Pipeline;
import rill.testing.TextLines;

/** Lines of text, and calls by them. */
final class Lines {
    static final Pipeline<String, String> PIPELINE = TextLines.pipeline();

    /** What breaks the protocol. */
    static final String BAD = "\0\n";

    /** What can't be encoded. */
    static final String UNENCODABLE = "two\nlines";

    private Lines() {}

    static ClientProtocol<String, String> inOrder() {
        return ClientProtocol.inOrder(PIPELINE);
    }

    /** The key is what precedes the colon. */
    static ClientProtocol<String, String> byKey() {
        return ClientProtocol.byKey(PIPELINE, Lines::key, Lines::key);
    }

    private static String key(String line) {
        return line.substring(0, Math.max(0, line.indexOf(':')));
    }
}
