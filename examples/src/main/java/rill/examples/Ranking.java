package rill.examples;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Reply;

/** A sorted set: members ordered by score, and by their bytes where scores are equal. */
final class Ranking implements Value {
    private final Map<Reply.Bulk, Double> scores = new HashMap<>();
    private final TreeSet<Scored> order = new TreeSet<>();

    /** A member and its score. */
    record Scored(double score, Reply.Bulk member) implements Comparable<Scored> {
        @Override
        public int compareTo(Scored other) {
            int byScore = Double.compare(score, other.score);
            return byScore != 0 ? byScore : Arrays.compareUnsigned(member.bytes(), other.member.bytes());
        }
    }

    /** Adds a member or changes its score; returns true if the member is new. */
    boolean put(Reply.Bulk member, double score) {
        Double before = scores.put(member, score);
        if (before != null) {
            order.remove(new Scored(before, member));
        }
        order.add(new Scored(score, member));
        return before == null;
    }

    /** Removes the member with the lowest score. */
    @Nullable
    Scored pollFirst() {
        Scored first = order.pollFirst();
        if (first != null) {
            scores.remove(first.member);
        }
        return first;
    }

    @Nullable
    Double score(Reply.Bulk member) {
        return scores.get(member);
    }

    int size() {
        return order.size();
    }

    @Override
    public String type() {
        return "zset";
    }

    @Override
    public boolean isEmpty() {
        return order.isEmpty();
    }
}
