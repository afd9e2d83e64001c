package rill.examples.client;

import rill.Codec;

/** The codec of the memcached example, which is package-private. */
public final class FuzzedMemcached {
    private FuzzedMemcached() {}

    /** The codec of a client. */
    public static Codec<?, ?> codec() {
        return new MemcachedCodec();
    }
}
