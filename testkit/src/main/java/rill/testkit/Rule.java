package rill.testkit;

import rill.spi.AcceptListener;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;

/** What holds whatever a test is about, with the sentence of the contract that says so, word for word. */
enum Rule {
    ORDER(WireListener.class, "connected once; then received and written any number of times"),
    CLOSED_IS_LAST(WireListener.class, "last, and always, closed once"),
    ONE_END(WireListener.class, "with at most one inputEnded, after which nothing is read"),
    ONE_FAILURE(
            WireListener.class,
            "at most one writeFailed, after which nothing is written and no inputEnded is delivered"),
    AFTER_OWN_CLOSE(Wire.class, "Nothing but closed is reported afterwards."),
    PAUSED(Wire.class, "from here on neither bytes, nor end of input, nor a close by the peer is reported"),
    STREAM(Wire.class, "Appends a buffer's readable bytes to the outgoing stream."),
    SOMETHING_READ(WireListener.class, "Bytes were received: at least one."),
    SOMETHING_WRITTEN(
            WireListener.class,
            "This many bytes have left since the last report, not counting those that Wire.flush() returned;"
                    + " at least one."),
    COUNTED_ONCE(Wire.class, "so each byte is counted exactly once"),
    RELEASED(WireListener.class, "The Wire is closed and every buffer that it held has been released."),
    RELEASED_IF_FAILED(WireListener.class, "every buffer that was to be written has been released"),
    CAUSE(WireListener.class, "null if Wire.close() or Wire.abort() was called before"),
    SAME_CAUSE(WireListener.class, "after the last of it closed is delivered, with this cause"),
    WITHIN_SELECT(Selector.class, "events reach listeners only within select"),
    NOT_INLINE(Selector.class, "no other method of a Selector, Wire or Acceptor calls a listener before it returns"),
    SELECT_RETURNS(
            Selector.class,
            "Returns when at least one event was delivered, after a wake-up, or when the timeout has expired"),
    SELECT_HOLDS(Selector.class, "only if the Selector itself is broken; the loop then closes"),
    NO_EVENTS_AFTER(Selector.class, "Closes the Selector and, without further events, all its Wires and Acceptors"),
    ALL_RELEASED(Selector.class, "Every buffer is released"),
    NO_ACCEPT_AFTER(Acceptor.class, "Nothing is delivered afterwards."),
    NO_ACCEPT_PAUSED(Acceptor.class, "Stops accepting at once, also within the present turn"),
    ACCEPT_FAILS(AcceptListener.class, "Accepting failed for a reason that does not concern a single connection"),
    RECEIVE_BUFFER(Transport.class, "Called on the loop only, anew for each read.");

    final Class<?> in;
    final String sentence;

    Rule(Class<?> in, String sentence) {
        this.in = in;
        this.sentence = sentence;
    }

    /** Returns the sentence as a failure shows it. */
    static String quote(Class<?> in, String sentence) {
        return "\n  The contract, in " + in.getSimpleName() + ": \"" + sentence + "\"";
    }

    /** The rule was broken. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1;

        Broken(Rule rule, String how) {
            super(how + quote(rule.in, rule.sentence));
        }

        Broken(Rule rule, String how, Throwable cause) {
            super(how + quote(rule.in, rule.sentence), cause);
        }
    }
}
