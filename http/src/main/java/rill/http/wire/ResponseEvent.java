package rill.http.wire;

/**
 * A part of a response, read by a client and written by a server. First a {@link ResponseHead}; then, if it says that the response has a body, any
 * number of {@link Data}, and one {@link End} unless the last Data is marked as such. Heads of interim responses (1xx) may precede it.
 */
public sealed interface ResponseEvent permits ResponseHead, BodyEvent {}
