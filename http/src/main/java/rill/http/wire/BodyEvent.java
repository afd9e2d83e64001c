package rill.http.wire;

/** What follows the head of a message that has a body: pieces, and an end. */
public sealed interface BodyEvent extends RequestEvent, ResponseEvent permits Data, End {}
