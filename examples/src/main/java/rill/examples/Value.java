package rill.examples;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import rill.codec.resp.Reply;

/** The value of a key in a {@link MemoryStore}. Its contents are {@link Reply.Bulk}, which are equal if their bytes are. */
sealed interface Value permits Value.Text, Value.Elements, Value.Members, Value.Fields, Ranking {
    /** Returns the name of the type, as {@code TYPE} answers it. */
    String type();

    /** Whether nothing is left in it, so that its key is removed, too. */
    boolean isEmpty();

    /** A string. */
    record Text(Reply.Bulk bytes) implements Value {
        @Override
        public String type() {
            return "string";
        }

        @Override
        public boolean isEmpty() {
            return false;
        }
    }

    /** A list. */
    record Elements(ArrayDeque<Reply> deque) implements Value {
        Elements() {
            this(new ArrayDeque<>());
        }

        @Override
        public String type() {
            return "list";
        }

        @Override
        public boolean isEmpty() {
            return deque.isEmpty();
        }
    }

    /** A set. */
    record Members(LinkedHashSet<Reply> set) implements Value {
        Members() {
            this(new LinkedHashSet<>());
        }

        @Override
        public String type() {
            return "set";
        }

        @Override
        public boolean isEmpty() {
            return set.isEmpty();
        }
    }

    /** A hash. */
    record Fields(LinkedHashMap<Reply, Reply> map) implements Value {
        Fields() {
            this(new LinkedHashMap<>());
        }

        @Override
        public String type() {
            return "hash";
        }

        @Override
        public boolean isEmpty() {
            return map.isEmpty();
        }
    }
}
