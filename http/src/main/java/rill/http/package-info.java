/**
 * HTTP/1.1, client and server. {@link rill.http.HttpServer} answers {@link rill.http.HttpRequest}s with {@link rill.http.HttpResponse}s, whose
 * {@link rill.http.HttpBody} is bytes, a file, or a stream. {@link rill.http.HttpClient} sends {@link rill.http.ClientRequest}s.
 *
 * <p><b>Source:</b> RFC 9110 and RFC 9112.
 */
package rill.http;
