package rill.spi.readiness;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;

/**
 * Makes {@link Thread#interrupt} end a native wait as it ends one of NIO's, through the hook that the JDK provides for implementations of selectors.
 * It selects nothing. Each Selector has one:
 *
 * <pre>{@code
 * interruption.begins();
 * try {
 *     n = poll(descriptors, timeout); // which a wake-up ends
 * } finally {
 *     interruption.ends();
 * }
 * }</pre>
 *
 * <p><b>Threading:</b> the Selector's driver; {@code onInterrupt} runs on the thread that interrupts it, or on its own.
 */
public final class Interruption extends AbstractSelector {
    private final Runnable onInterrupt;

    /** Creates it with the action that ends the wait, usually {@link rill.spi.Selector#wakeup}. */
    public Interruption(Runnable onInterrupt) {
        super(null);
        this.onInterrupt = onInterrupt;
    }

    /** The thread is about to wait. If it is interrupted, now or later, {@code onInterrupt} runs; the interrupt status stays set. */
    public void begins() {
        begin();
    }

    /** The wait is over. */
    public void ends() {
        end();
    }

    @Override
    public Selector wakeup() {
        onInterrupt.run();
        return this;
    }

    @Override
    protected void implCloseSelector() {}

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int operations, Object attachment) {
        throw new UnsupportedOperationException("it selects no channels: " + channel);
    }

    @Override
    public Set<SelectionKey> keys() {
        return Set.of();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        return Set.of();
    }

    @Override
    public int selectNow() {
        return 0;
    }

    @Override
    public int select(long timeout) {
        return 0;
    }

    @Override
    public int select() {
        return 0;
    }
}
