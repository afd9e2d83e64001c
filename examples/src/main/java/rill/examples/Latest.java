package rill.examples;

import java.util.Arrays;

/** The latest of the numbers that were added. */
final class Latest {
    private final long[] numbers;
    private int known;
    private int next;

    Latest(int most) {
        numbers = new long[most];
    }

    void add(long number) {
        numbers[next] = number;
        next = (next + 1) % numbers.length; // never grows, so it can't overflow
        known = Math.min(known + 1, numbers.length);
    }

    /** Returns them, the least first. */
    long[] sorted() {
        long[] sorted = Arrays.copyOf(numbers, known);
        Arrays.sort(sorted);
        return sorted;
    }
}
