/**
 * HTTP/1.1: a server, and what is asked and answered. {@link rill.http.HttpServer} serves {@link rill.http.HttpRequest}s with {@link
 * rill.http.HttpResponse}s, whose {@link rill.http.HttpBody} is bytes, a file, or a stream.
 *
 * <p><b>Source:</b> RFC 9110 and RFC 9112.
 */
package rill.http;
