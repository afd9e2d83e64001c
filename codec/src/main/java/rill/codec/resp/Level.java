package rill.codec.resp;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An aggregate that is not complete. */
final class Level {
    /** The size of one whose end is said when it comes. */
    static final int STREAMED = Integer.MAX_VALUE;

    private static final int FIRST_SPACE = 16;

    /** What it is. */
    enum Kind {
        ARRAY("an array", 0, 1, true),
        MAP("a map", 0, 2, true),
        SET("a set", 0, 1, true),
        PUSH("a push", 1, 1, false),
        /** The last of its elements is the reply that it is about. */
        ATTRIBUTE("an attribute", 0, 2, false);

        final String words;
        final int least;
        final int each; // how many elements a part has
        final String parts;
        final boolean streams;

        Kind(String words, int least, int each, boolean streams) {
            this.words = words;
            this.least = least;
            this.each = each;
            this.parts = each == 2 ? "pairs" : "elements";
            this.streams = streams;
        }

        Reply empty() {
            return this == ARRAY ? Reply.EMPTY : of(List.of());
        }

        Reply of(List<Reply> elements) {
            return switch (this) {
                case ARRAY -> new Reply.Array(elements);
                case MAP -> new Reply.Map(elements);
                case SET -> new Reply.Set(elements);
                case PUSH -> new Reply.Push(elements);
                case ATTRIBUTE -> {
                    int last = elements.size() - 1;
                    yield new Reply.Attributed(new Reply.Map(elements.subList(0, last)), elements.get(last));
                }
            };
        }
    }

    final @Nullable Level below;
    final Kind kind;
    final int depth;
    final int size;
    int begun; // in a streamed one, elements of which a byte was seen
    int count;
    private Reply[] elements;

    Level(@Nullable Level below, Kind kind, int parts) {
        this.below = below;
        this.kind = kind;
        this.depth = below == null ? 1 : below.depth + 1;
        this.size = kind == Kind.ATTRIBUTE ? parts + 1 : parts;
        this.elements = new Reply[Math.min(size, FIRST_SPACE)]; // grows with what comes, not with what is announced
    }

    boolean isStreamed() {
        return size == STREAMED;
    }

    void add(Reply element) {
        if (count == elements.length) {
            elements = Arrays.copyOf(elements, (int) Math.min(size, 2L * count));
        }
        elements[count++] = element;
    }

    Reply finish() {
        return kind.of(List.of(count == elements.length ? elements : Arrays.copyOf(elements, count)));
    }
}
