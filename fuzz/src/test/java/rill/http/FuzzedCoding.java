package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * The client's reader of compressed bodies, as a byte layer. What it delivers before a violation, and which one it finds first, depend on the pieces in
 * which the body comes; so a body is delivered whole or not at all, and every refusal is the same.
 */
public final class FuzzedCoding {
    /** The limit of an inflated body. */
    public static final int MOST = 2_000;

    private FuzzedCoding() {}

    /** Undoes gzip or deflate. */
    public static ByteLayer of(String coding) {
        return context -> new Undoing(ContentCoding.of(coding, MOST, 100));
    }

    private static final class Undoing implements Session<ByteBuf, ByteBuf> {
        private final ContentCoding coding;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();

        Undoing(@Nullable ContentCoding coding) {
            if (coding == null) {
                throw new IllegalArgumentException("an unknown coding");
            }
            this.coding = coding;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            if (in.isReadable()) {
                coding.feed(in.readRetainedSlice(in.readableBytes()));
                inflate();
            }
            return null;
        }

        private void inflate() throws IOException {
            try {
                for (ByteBuf piece = coding.poll(); piece != null; piece = coding.poll()) {
                    piece.readBytes(body, piece.readableBytes());
                    piece.release();
                }
            } catch (IOException e) {
                throw refused(e);
            }
        }

        private static IOException refused(IOException e) {
            return new IOException("refused", e);
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
            try {
                coding.requireEnd();
            } catch (IOException e) {
                throw refused(e);
            }
            context.end();
            return body.size() == 0 ? null : context.lend(body.size()).writeBytes(body.toByteArray());
        }

        @Override
        public void encode(ByteBuf bytes, Outgoing out) {
            throw new IllegalStateException("nothing is written");
        }

        @Override
        public void closed() {
            coding.close();
        }
    }
}
