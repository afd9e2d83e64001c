package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What work elsewhere has brought when nobody waited for it any more, on its way to whom it is given then; after the loop has closed on any thread. */
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
