package rill.examples.codec;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/** Compresses everything, as one zlib stream in each direction (RFC 1950). After each flush, everything written is complete at the other end. */
record Deflated() implements ByteLayer {
    /** Bytes taken at a time. They expand to at most 1032 times as many, so one call produces no more than a megabyte. */
    private static final int PIECE = 1024;

    private static final int ROOM = 16 * 1024;

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new Stream();
    }

    private static final class Stream implements Session<ByteBuf, ByteBuf> {
        private final Inflater inflater = new Inflater();
        private final Deflater deflater = new Deflater();

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws ProtocolException {
            ByteBuf plain = context.lend(ROOM);
            ByteBuffer piece = in.nioBuffer(in.readerIndex(), Math.min(in.readableBytes(), PIECE));
            inflater.setInput(piece);
            try {
                while (inflate(plain) > 0) {
                    // until this piece yields nothing more
                }
            } catch (DataFormatException e) {
                throw new ProtocolException(piece.position(), "expected a zlib stream: " + e.getMessage());
            }
            if (inflater.needsDictionary()) {
                throw new ProtocolException(piece.position(), "expected a zlib stream without a preset dictionary");
            }
            in.skipBytes(piece.position());
            if (inflater.finished()) {
                if (in.isReadable()) {
                    throw new ProtocolException("expected nothing after the end of the zlib stream");
                }
                context.end();
            }
            return plain.isReadable() ? plain : null;
        }

        private int inflate(ByteBuf plain) throws DataFormatException {
            plain.ensureWritable(ROOM);
            int n = inflater.inflate(plain.nioBuffer(plain.writerIndex(), plain.writableBytes()));
            plain.writerIndex(plain.writerIndex() + n);
            return n;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            deflater.setInput(message.nioBuffer());
            deflate(out, Deflater.SYNC_FLUSH);
        }

        @Override
        public void outputEnding(Outgoing out) {
            deflater.finish();
            deflate(out, Deflater.NO_FLUSH);
        }

        private void deflate(Outgoing out, int flush) {
            int n;
            do {
                ByteBuf buffer = out.buffer(ROOM);
                n = deflater.deflate(buffer.nioBuffer(buffer.writerIndex(), ROOM), flush);
                buffer.writerIndex(buffer.writerIndex() + n);
            } while (n == ROOM);
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws ProtocolException {
            throw new ProtocolException("the stream was cut off before the end of its zlib stream");
        }

        @Override
        public void closed() {
            inflater.end();
            deflater.end();
        }
    }
}
