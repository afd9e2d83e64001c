package rill.examples.client;

import rill.Codec;

/** The codec of the example, which is its own business elsewhere. */
public final class FuzzedMemcached {
    private FuzzedMemcached() {}

    /** What a client reads. */
    public static Codec<?, ?> codec() {
        return new MemcachedCodec();
    }
}
