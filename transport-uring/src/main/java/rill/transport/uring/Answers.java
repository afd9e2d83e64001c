package rill.transport.uring;

import java.util.Arrays;

/** Answers that were taken from a ring and not yet looked at, in order. Seldom there are any. */
final class Answers {
    private static final int FIRST_SIZE = 16;

    private long[] data = new long[FIRST_SIZE];
    private int[] results = new int[FIRST_SIZE];
    private int[] flags = new int[FIRST_SIZE];
    private int head; // the next one
    private int tail;

    void add(long its, int result, int itsFlags) {
        if (tail == data.length) {
            data = Arrays.copyOf(data, 2 * tail);
            results = Arrays.copyOf(results, 2 * tail);
            flags = Arrays.copyOf(flags, 2 * tail);
        }
        data[tail] = its;
        results[tail] = result;
        flags[tail] = itsFlags;
        tail++;
    }

    boolean isEmpty() {
        return head == tail;
    }

    int size() {
        return tail - head;
    }

    /** Takes the next one, whose parts can be asked for until another is taken or added. */
    void remove() {
        head++;
        if (head == tail) {
            data[0] = data[head - 1];
            results[0] = results[head - 1];
            flags[0] = flags[head - 1];
            head = 1;
            tail = 1;
        }
    }

    long data() {
        return data[head - 1];
    }

    int result() {
        return results[head - 1];
    }

    int flags() {
        return flags[head - 1];
    }
}
