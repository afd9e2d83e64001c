package rill;

import java.util.function.Consumer;

/**
 * Takes back the answers that nobody received, and says whose calls they answer.
 *
 * @param what such as "a call on connection to localhost:80": a text, since whoever keeps an answer keeps nothing of its client
 */
record Unanswered(String what) implements Consumer<Object>, Purpose {
    @Override
    public void accept(Object answer) {
        Messages.release(answer);
    }

    @Override
    public String purpose() {
        return what;
    }
}
