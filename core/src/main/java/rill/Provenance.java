package rill;

/** How a connection came about: a listener accepted it, or it was dialed. */
sealed interface Provenance permits Admission, Route {}
