package rill.http.wire;

/** A part of a message after its head: a piece of the body, or its end. */
public sealed interface BodyEvent extends RequestEvent, ResponseEvent permits Data, End {}
