/** A Redis client over the public API: what docs/redis.md shows. */
@NullMarked
package rill.examples.redis;

import org.jspecify.annotations.NullMarked;
