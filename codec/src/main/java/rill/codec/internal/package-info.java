/** What the codecs of this module share, and nothing else uses. */
package rill.codec.internal;
