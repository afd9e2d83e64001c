package rill.http.wire;

/**
 * A part of a request: what a server reads and a client writes. A {@link RequestHead}; then, if that says that the request has a body, any
 * number of {@link Data}, of which the last says so, or else one {@link End}.
 */
public sealed interface RequestEvent permits RequestHead, BodyEvent, Refused {}
