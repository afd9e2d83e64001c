package rill.transport.sim;

import java.util.Objects;
import java.util.function.Function;

/**
 * Something that can go wrong, as {@link Faults} makes it: a description that {@link Simulation#inject} brings into force, as often as
 * one likes.
 */
public final class Fault {
    private final String description;
    private final Function<? super Injections, ? extends Runnable> effect;

    /** The effect gives what undoes it. */
    Fault(String description, Function<? super Injections, ? extends Runnable> effect) {
        this.description = description;
        this.effect = effect;
    }

    Runnable apply(Injections simulation) {
        return Objects.requireNonNull(effect.apply(simulation));
    }

    @Override
    public String toString() {
        return description;
    }
}
