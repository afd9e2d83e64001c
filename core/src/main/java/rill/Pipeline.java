package rill;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a connection speaks: a codec on top of any number of byte layers, such as TLS. Immutable; the compiler checks that the parts fit together.
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
 * <p><b>Ownership:</b> messages at the top never hold borrowed bytes. If the top of a pipeline returns buffers ({@link #bytes}, a bare
 * {@link Framing}), they belong to the receiver, which must release them.
 *
 * @param <R> the type of messages read
 * @param <W> the type of messages written
 */
public final class Pipeline<R, W> {
    private final List<ByteLayer> layers; // from the bottom up
    private final Codec<R, W> codec;

    private Pipeline(List<ByteLayer> layers, Codec<R, W> codec) {
        this.layers = layers;
        this.codec = codec;
    }

    /** A pipeline of a codec alone. If the codec is a bare {@link Framing}, its frames belong to the receiver. */
    public static <R, W> Pipeline<R, W> of(Codec<R, W> codec) {
        return new Pipeline<>(List.of(), Objects.requireNonNull(codec, "codec"));
    }

    /** The raw bytes as they arrive, in pieces of any size. They must be released by the receiver. */
    public static Pipeline<ByteBuf, ByteBuf> bytes() {
        return new Pipeline<>(List.of(), Bytes.BYTES);
    }

    /** This pipeline with a byte layer put beneath it. */
    public Pipeline<R, W> over(ByteLayer below) {
        return new Pipeline<>(Stream.concat(Stream.of(below), layers.stream()).toList(), codec);
    }

    /** This pipeline with other types at the top: see {@link Codec#map}. */
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

    /** The number of byte layers, counted from the bottom, that the two pipelines have in common. */
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
