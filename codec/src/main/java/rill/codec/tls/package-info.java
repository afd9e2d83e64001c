/**
 * TLS as a byte layer under any pipeline: {@link rill.codec.tls.Tls}.
 *
 * <p>It is based on the JDK's {@link javax.net.ssl.SSLEngine}. <b>Source:</b> RFC 8446 (TLS 1.3), RFC 5246 (1.2), RFC 6066 (server names), RFC 7301
 * (ALPN), RFC 9525 (which host a certificate is for).
 */
@NullMarked
package rill.codec.tls;

import org.jspecify.annotations.NullMarked;
