package rill.http.wire;

/**
 * A part of a response: what a client reads and a server writes. A {@link ResponseHead}; then, if that says that the response has a body, any
 * number of {@link Data}, of which the last says so, or else one {@link End}. Heads of interim responses (1xx) come before it, each for itself.
 */
public sealed interface ResponseEvent permits ResponseHead, BodyEvent {}
