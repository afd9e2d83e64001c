package rill;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a connection speaks: a codec, on top of any number of byte layers such as TLS. Immutable; the
 * compiler checks that the parts fit.
 *
 * <pre>
 *   R, W     Connection: receive(), write()
 *            ── mapping functions
 *            ── message codec, or what decodes and encodes the content of frames
 *   frames   ── framing
 *   bytes    ── byte layers (TLS, proxy header), the last one added at the bottom
 *   bytes    Wire
 * </pre>
 *
 * <p><b>Ownership:</b> messages on top never hold borrowed bytes. A pipeline whose top gives buffers ({@link #bytes}, a mere
 * {@link Framing}) gives buffers of their own: the receiver releases them.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class Pipeline<R, W> {
    private final List<ByteLayer> layers; // from the bottom
    private final Codec<R, W> codec;

    private Pipeline(List<ByteLayer> layers, Codec<R, W> codec) {
        this.layers = layers;
        this.codec = codec;
    }

    /** A pipeline of a codec alone. Of a mere {@link Framing} the frames belong to the receiver. */
    public static <R, W> Pipeline<R, W> of(Codec<R, W> codec) {
        return new Pipeline<>(List.of(), Objects.requireNonNull(codec, "codec"));
    }

    /** The bytes as they come, in pieces of any size. The receiver releases them. */
    public static Pipeline<ByteBuf, ByteBuf> bytes() {
        return new Pipeline<>(List.of(), Bytes.BYTES);
    }

    /** This pipeline with a byte layer put beneath it. */
    public Pipeline<R, W> over(ByteLayer below) {
        return new Pipeline<>(Stream.concat(Stream.of(below), layers.stream()).toList(), codec);
    }

    /** This pipeline with other types on top: see {@link Codec#map}. */
    public <R2, W2> Pipeline<R2, W2> map(Function<? super R, ? extends R2> up, Function<? super W2, ? extends W> down) {
        return new Pipeline<>(layers, codec.map(up, down));
    }

    /** The same layers, beneath another codec. */
    <R2, W2> Pipeline<R2, W2> beneath(Codec<R2, W2> other) {
        return new Pipeline<>(layers, other);
    }

    List<ByteLayer> layers() {
        return layers;
    }

    /** How many byte layers, from the bottom, are the same here and there. */
    int shared(Pipeline<?, ?> other) {
        int n = 0;
        while (n < layers.size() && n < other.layers.size() && layers.get(n) == other.layers.get(n)) {
            n++;
        }
        return n;
    }

    Codec<R, W> codec() {
        return codec;
    }
}
