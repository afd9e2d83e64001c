package rill.http;

/**
 * The last that a server reads, if a request is invalid or takes too long, so that it can answer: see {@link AnsweringSession}. Earlier requests are
 * unaffected. Anything received afterwards is discarded.
 *
 * @param status for the client: 408 if it took too long, otherwise that of {@link rill.http.wire.HttpProtocolException}
 * @param why in words
 */
record Refused(int status, String why) {}
