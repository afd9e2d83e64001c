package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A result of work elsewhere for which nobody waited any more, on its way to its taker. If the loop has closed, the taker is called on any thread.
 */
final class Unwanted<T extends @Nullable Object> extends Node {
    private final BareLoop loop;
    private final T result;
    private final Consumer<? super T> taker;

    Unwanted(BareLoop loop, T result, Consumer<? super T> taker) {
        this.loop = loop;
        this.result = result;
        this.taker = taker;
    }

    @Override
    void execute() {
        loop.runReporting("the return of what nobody wanted any more", () -> taker.accept(result));
    }

    @Override
    void discard() {
        execute();
    }

    @Override
    String label() {
        return "return of a result";
    }
}
