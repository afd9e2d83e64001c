package rill.codec;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import rill.Codec;
import rill.Context;
import rill.Pipeline;
import rill.ProtocolException;
import rill.codec.internal.Utf8;
import rill.codec.internal.Violations;

/**
 * Strict text in one charset, as the content of frames. Malformed input is an error and is never replaced.
 *
 * <p><b>Threading:</b> any thread; there is no state.
 *
 * <p><b>Errors:</b> bytes that are malformed in the charset are a {@link ProtocolException}. Characters that the charset can't encode (in UTF-8:
 * unpaired surrogates) are an {@link IllegalArgumentException}.
 */
public final class Text implements Codec.Decoder<String>, Codec.Encoder<String> {
    private static final Text UTF_8 = new Text(StandardCharsets.UTF_8);

    private final Charset charset;
    private final boolean utf8;

    private Text(Charset charset) {
        this.charset = charset;
        this.utf8 = charset.equals(StandardCharsets.UTF_8);
    }

    /** Text in UTF-8. */
    public static Text utf8() {
        return UTF_8;
    }

    /** Text in this charset. UTF-8 is the fast one. */
    public static Text in(Charset charset) {
        return charset.equals(StandardCharsets.UTF_8) ? UTF_8 : new Text(charset);
    }

    /** Lines of UTF-8, of at most 8 KiB. LF and CR LF are accepted; LF is written. */
    public static Pipeline<String, String> lines() {
        return Pipeline.of(Lines.of().with(UTF_8));
    }

    @Override
    public String decode(ByteBuf frame, Context context) throws ProtocolException {
        return utf8 ? decodeUtf8(frame) : decodeOther(frame);
    }

    private static String decodeUtf8(ByteBuf frame) throws ProtocolException {
        int from = frame.readerIndex();
        int to = frame.writerIndex();
        int malformed = Utf8.firstMalformed(frame, from, to);
        if (malformed >= 0) {
            throw violation(malformed - from, "UTF-8", frame.getByte(malformed));
        }
        String text = frame.toString(from, to - from, StandardCharsets.UTF_8);
        frame.readerIndex(to);
        return text;
    }

    private String decodeOther(ByteBuf frame) throws ProtocolException {
        CharsetDecoder decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        int from = frame.readerIndex();
        int size = frame.readableBytes();
        ByteBuffer bytes = frame.nioBuffer(from, size);
        int start = bytes.position();
        CharBuffer chars = CharBuffer.allocate((int) Math.ceil(size * (double) decoder.maxCharsPerByte()));
        CoderResult result = decoder.decode(bytes, chars, true);
        if (result.isUnderflow()) {
            result = decoder.flush(chars);
        }
        if (result.isError()) {
            int at = bytes.position() - start;
            throw violation(at, charset.name(), frame.getByte(from + at));
        }
        frame.skipBytes(size);
        return chars.flip().toString();
    }

    private static ProtocolException violation(int at, String charset, byte found) {
        return new ProtocolException(at, "expected text in " + charset + ", found " + Violations.show(found));
    }

    @Override
    public void encode(String message, ByteBuf out) {
        if (utf8) {
            Utf8.write(message, out);
            return;
        }
        try {
            out.writeBytes(charset.newEncoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .encode(CharBuffer.wrap(message)));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a text has characters that " + charset.name() + " has not", e);
        }
    }

    @Override
    public int sizeEstimate(String message) {
        return message.length();
    }

    @Override
    public String toString() {
        return "text in " + charset.name();
    }
}
