package rill.spi;

import java.util.function.BooleanSupplier;
import rill.Loop;

/**
 * Drives loops on behalf of a thread that awaits while nobody else drives: in a simulation, all loops of it in one
 * deterministic order.
 *
 * <p><b>Threading:</b> called on the awaiting thread, which is outside every loop; the driver calls {@link Loop#tick()}
 * of the loops that are its own.
 */
@FunctionalInterface
public interface Driver {
    /**
     * Drives until {@code done} says true.
     *
     * @param loop the loop whose Future is awaited
     * @param done asked before each step
     * @throws IllegalStateException if nothing is left that could ever make {@code done} true
     */
    void drive(Loop loop, BooleanSupplier done);
}
