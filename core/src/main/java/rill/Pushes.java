package rill;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages that answer no call, on their way to their handler. Like answers they are delivered in Handles, and so in the order of the wire. One
 * Handle delivers all that arrived without an answer between them. Confined to the loop.
 */
final class Pushes<A> {
    /** While this many wait, decoding stops. */
    static final int MOST = 256;

    private final Link link;
    private final Loop loop;
    private final Consumer<? super A> handler;
    private final boolean reports; // exceptions of the handler, instead of failing the connection
    private final ArrayDeque<A> waiting = new ArrayDeque<>();
    private @Nullable Telling last; // queued, and open for more: no answer has arrived since
    private @Nullable Telling spare;
    private boolean heldUp; // decoding, until fewer wait
    private boolean silent; // messages are released from now on

    /**
     * @param reports whether an exception of the handler is only reported, unless it says that the peer broke the protocol: there is no owner who
     *     could let the connection carry on after a failure
     */
    Pushes(Link link, Consumer<? super A> handler, boolean reports) {
        this.link = link;
        this.loop = link.loop();
        this.handler = handler;
        this.reports = reports;
    }

    /** Whether there is room for one more. If not, decoding continues once there is. */
    boolean hasRoom() {
        heldUp |= waiting.size() >= MOST;
        return !heldUp;
    }

    void add(A message) {
        waiting.add(message);
        if (last == null) {
            last = spare == null ? new Telling() : spare;
            spare = null;
            loop.enqueue(last);
        }
        last.count++;
    }

    /** An answer is being delivered: later messages are delivered after it. */
    void answered() {
        last = null;
    }

    /** From now on messages are released. */
    void silence() {
        silent = true;
    }

    /** Delivers several messages in a row. */
    private final class Telling extends Node {
        int count;

        @Override
        void execute() {
            if (last == this) {
                last = null;
            }
            for (; count > 0; count--) {
                tell(waiting.remove());
            }
            spare = this;
            if (heldUp && waiting.size() <= MOST / 2) {
                heldUp = false;
                link.inbound().later();
            }
        }

        @Override
        void discard() {
            for (; count > 0; count--) {
                Messages.release(waiting.remove());
            }
        }

        @Override
        String label() {
            return "messages that answer no call, on " + link;
        }
    }

    private void tell(A message) {
        if (silent) {
            Messages.release(message);
            return;
        }
        try {
            handler.accept(message);
        } catch (Throwable t) {
            Throwable cause = link.stack().isEmpty() ? t : link.stack().top().placed(t);
            boolean violated = cause instanceof ProtocolException;
            if (reports && !violated) {
                loop.threw("the handler of messages that answer no call, on ", link, t);
            } else {
                link.failed(cause, !violated);
                silent |= !link.open();
            }
        }
    }
}
