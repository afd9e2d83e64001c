package rill.codec.resp;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An incomplete aggregate. */
final class Level {
    /** The size of a streamed aggregate, whose end is announced only when it arrives. */
    static final int STREAMED = Integer.MAX_VALUE;

    private static final int FIRST_SPACE = 16;

    /** The type of the aggregate. */
    enum Kind {
        ARRAY("an array", 0, 1, true),
        MAP("a map", 0, 2, true),
        SET("a set", 0, 1, true),
        PUSH("a push", 1, 1, false),
        /** Its last element is the reply that the attributes belong to. */
        ATTRIBUTE("an attribute", 0, 2, false);

        final String words;
        final int least;
        final int each; // elements per part: 2 for pairs
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
    int begun; // in a streamed aggregate: the elements of which at least one byte was read
    int count;
    private Reply[] elements;

    Level(@Nullable Level below, Kind kind, int parts) {
        this.below = below;
        this.kind = kind;
        this.depth = below == null ? 1 : below.depth + 1;
        this.size = kind == Kind.ATTRIBUTE ? parts + 1 : parts;
        this.elements = new Reply[Math.min(size, FIRST_SPACE)]; // grows as elements arrive, not by the announced size
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
