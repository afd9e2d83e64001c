package rill.examples.client;

import rill.Codec;

/** The codec of the memcached example, which is package-private. */
public final class FuzzedMemcached {
    private FuzzedMemcached() {}

    /** The codec of a client. */
    public static Codec<?, ?> codec() {
        return new MemcachedCodec();
    }

    /** The number of bytes of keys, values and words in an answer. */
    public static int size(Object answer) {
        return switch ((MemcachedAnswer) answer) {
            case MemcachedAnswer.Values values ->
                values.values().stream()
                        .mapToInt(each -> each.key().length() + each.data().remaining())
                        .sum();
            case MemcachedAnswer.Refused refused -> refused.message().length();
            case MemcachedAnswer.Of of -> of.status().name().length();
            case MemcachedAnswer.Counted counted -> 1;
        };
    }
}
