/** What the codecs of this module have in common, and nobody else. */
package rill.codec.internal;
