package rill.http.wire;

/**
 * A part of a request, read by a server and written by a client. First a {@link RequestHead}; then, if it says that the request has a body, any number
 * of {@link Data}, and one {@link End} unless the last Data is marked as such.
 */
public sealed interface RequestEvent permits RequestHead, BodyEvent {}
