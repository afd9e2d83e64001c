package rill.transport.nio;

import rill.ClientProtocol;
import rill.Pipeline;
import rill.testing.TextLines;

/** Lines of text, and calls made of them. */
final class Lines {
    static final Pipeline<String, String> PIPELINE = TextLines.pipeline();

    /** Breaks the protocol. */
    static final String BAD = "\0\n";

    /** Can't be encoded. */
    static final String UNENCODABLE = "two\nlines";

    private Lines() {}

    static ClientProtocol<String, String> inOrder() {
        return ClientProtocol.inOrder(PIPELINE);
    }

    /** The key is the text before the colon. */
    static ClientProtocol<String, String> byKey() {
        return ClientProtocol.byKey(PIPELINE, Lines::key, Lines::key);
    }

    private static String key(String line) {
        return line.substring(0, Math.max(0, line.indexOf(':')));
    }
}
