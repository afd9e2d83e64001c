/**
 * HTTP/1.1 on the wire, as pure codecs: heads, pieces of bodies and ends, one at a time.
 *
 * <p><b>Source:</b> RFC 9110 and RFC 9112.
 */
package rill.http.wire;
