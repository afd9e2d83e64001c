/** Custom codecs: what docs/custom-codec.md shows. */
@NullMarked
package rill.examples.codec;

import org.jspecify.annotations.NullMarked;
