package rill;

/** A failure that another thread {@link Loop#report reports}. It is reported even if the loop closes before. */
final class Told extends Node {
    private final BareLoop loop;
    private final String what;
    private final Throwable cause;

    Told(BareLoop loop, String what, Throwable cause) {
        this.loop = loop;
        this.what = what;
        this.cause = cause;
    }

    @Override
    void execute() {
        loop.threw(what, null, cause);
    }

    @Override
    void discard() {
        execute();
    }

    @Override
    String label() {
        return "report of " + what;
    }
}
