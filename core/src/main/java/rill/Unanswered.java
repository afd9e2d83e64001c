package rill;

import java.util.function.Consumer;

/**
 * Takes back the answers that nobody received, and says whose calls they answer.
 *
 * @param caller on which they were made
 */
record Unanswered(Object caller) implements Consumer<Object>, Purpose {
    @Override
    public void accept(Object answer) {
        Messages.release(answer);
    }

    @Override
    public String purpose() {
        return "a call on " + caller;
    }
}
