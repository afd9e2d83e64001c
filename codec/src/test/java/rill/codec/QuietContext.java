package rill.codec;

import rill.Context;
import rill.testkit.BareContext;

/** A context for sessions that need none. */
public final class QuietContext {
    public static final Context CONTEXT = new BareContext();

    private QuietContext() {}
}
