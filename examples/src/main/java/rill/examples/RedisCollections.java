package rill.examples;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Reply;
import rill.codec.resp.RespVersion;

/** Redis's commands for lists, sets, hashes and sorted sets, as far as redis-benchmark uses them. */
final class RedisCollections {
    private final MemoryStore store;

    RedisCollections(MemoryStore store) {
        this.store = store;
    }

    /** Returns the answer; null if the command belongs to another group. */
    @Nullable
    Reply execute(String name, RedisCall call) {
        return switch (name) {
            case "HDEL" -> deleteFields(call.withAtLeast(2));
            case "HGET" -> field(call.withArguments(2));
            case "HGETALL" -> fields(call.withArguments(1));
            case "HLEN" -> size(call, Value.Fields.class, fields -> fields.map().size());
            case "HSET" -> setFields(call.withPairsAfter(1));
            case "LLEN" -> size(call, Value.Elements.class, list -> list.deque().size());
            case "LPOP" -> pop(call.withArguments(1, 2), true);
            case "LPUSH" -> push(call.withAtLeast(2), true);
            case "LRANGE" -> range(call.withArguments(3));
            case "RPOP" -> pop(call.withArguments(1, 2), false);
            case "RPUSH" -> push(call.withAtLeast(2), false);
            case "SADD" -> addMembers(call.withAtLeast(2));
            case "SCARD" ->
                size(call, Value.Members.class, members -> members.set().size());
            case "SISMEMBER" -> isMember(call.withArguments(2));
            case "SPOP" -> popMember(call.withArguments(1));
            case "ZADD" -> rank(call.withAtLeast(3));
            case "ZCARD" -> size(call, Ranking.class, Ranking::size);
            case "ZPOPMIN" -> popLowest(call.withArguments(1, 2));
            case "ZSCORE" -> score(call.withArguments(2));
            default -> null;
        };
    }

    private <T extends Value> Reply size(RedisCall call, Class<T> type, Function<T, Integer> size) {
        T value = store.get(call.withArguments(1).key(), type);
        return Reply.of(value == null ? 0 : size.apply(value));
    }

    // ---- lists

    private Reply push(RedisCall call, boolean first) {
        var list = store.getOrMake(call.key(), Value.Elements.class, Value.Elements::new);
        call.forEachFrom(2, first ? list.deque()::addFirst : list.deque()::addLast);
        return Reply.of(list.deque().size());
    }

    private Reply pop(RedisCall call, boolean first) {
        int count = call.count(2);
        boolean alone = call.command().size() == 2;
        var list = store.get(call.key(), Value.Elements.class);
        if (list == null) {
            return alone ? Reply.NULL : Reply.Null.ARRAY;
        }
        List<Reply> popped = new ArrayList<>();
        while (popped.size() < count && !list.isEmpty()) {
            popped.add(first ? list.deque().removeFirst() : list.deque().removeLast());
        }
        store.removeIfEmpty(call.key(), list);
        return alone ? popped.getFirst() : new Reply.Array(popped);
    }

    private Reply range(RedisCall call) {
        long from = call.number(2);
        long to = call.number(3);
        var list = store.get(call.key(), Value.Elements.class);
        if (list == null) {
            return Reply.EMPTY;
        }
        int size = list.deque().size();
        long first = Math.max(from < 0 ? from + size : from, 0);
        long last = Math.min(to < 0 ? to + size : to, size - 1);
        return new Reply.Array(list.deque().stream()
                .skip(first)
                .limit(Math.max(last - first + 1, 0))
                .toList());
    }

    // ---- sets

    private Reply addMembers(RedisCall call) {
        var members = store.getOrMake(call.key(), Value.Members.class, Value.Members::new);
        int before = members.set().size();
        call.forEachFrom(2, members.set()::add);
        return Reply.of(members.set().size() - before);
    }

    private Reply isMember(RedisCall call) {
        var members = store.get(call.key(), Value.Members.class);
        return Reply.of(members != null && members.set().contains(call.bulk(2)) ? 1 : 0);
    }

    /** Removes any member; the first inserted is as good as a random one. */
    private Reply popMember(RedisCall call) {
        var members = store.get(call.key(), Value.Members.class);
        if (members == null) {
            return Reply.NULL;
        }
        Iterator<Reply> all = members.set().iterator();
        Reply popped = all.next();
        all.remove();
        store.removeIfEmpty(call.key(), members);
        return popped;
    }

    // ---- hashes

    private Reply setFields(RedisCall call) {
        var fields = store.getOrMake(call.key(), Value.Fields.class, Value.Fields::new);
        int before = fields.map().size();
        for (int at = 2; at < call.command().size(); at += 2) {
            fields.map().put(call.bulk(at), call.bulk(at + 1));
        }
        return Reply.of(fields.map().size() - before);
    }

    private Reply field(RedisCall call) {
        var fields = store.get(call.key(), Value.Fields.class);
        return fields == null ? Reply.NULL : fields.map().getOrDefault(call.bulk(2), Reply.NULL);
    }

    private Reply fields(RedisCall call) {
        var fields = store.get(call.key(), Value.Fields.class);
        List<Reply> all = new ArrayList<>();
        if (fields != null) {
            fields.map().forEach((field, value) -> {
                all.add(field);
                all.add(value);
            });
        }
        return new Reply.Map(all);
    }

    private Reply deleteFields(RedisCall call) {
        var fields = store.get(call.key(), Value.Fields.class);
        if (fields == null) {
            return Reply.of(0);
        }
        int before = fields.map().size();
        call.forEachFrom(2, fields.map()::remove);
        int deleted = before - fields.map().size();
        store.removeIfEmpty(call.key(), fields);
        return Reply.of(deleted);
    }

    // ---- sorted sets

    private Reply rank(RedisCall call) {
        if (call.command().size() % 2 != 0) {
            throw RefusedCommand.because("syntax error");
        }
        for (int at = 2; at < call.command().size(); at += 2) {
            call.score(at); // parses all scores first, so that either all members are added or none
        }
        Ranking ranking = store.getOrMake(call.key(), Ranking.class, Ranking::new);
        int added = 0;
        for (int at = 2; at < call.command().size(); at += 2) {
            added += ranking.put(call.bulk(at + 1), call.score(at)) ? 1 : 0;
        }
        return Reply.of(added);
    }

    private Reply popLowest(RedisCall call) {
        int count = call.count(2);
        // RESP3 returns pairs wherever there may be several.
        boolean pairs = call.version() == RespVersion.RESP3 && call.command().size() > 2;
        Ranking ranking = store.get(call.key(), Ranking.class);
        List<Reply> popped = new ArrayList<>();
        for (int i = 0; ranking != null && i < count; i++) {
            Ranking.Scored lowest = ranking.pollFirst();
            if (lowest == null) {
                break;
            }
            List<Reply> scored = List.of(lowest.member(), Reply.of(lowest.score()));
            popped.addAll(pairs ? List.of(new Reply.Array(scored)) : scored);
        }
        if (ranking != null) {
            store.removeIfEmpty(call.key(), ranking);
        }
        return new Reply.Array(popped);
    }

    private Reply score(RedisCall call) {
        Ranking ranking = store.get(call.key(), Ranking.class);
        Double score = ranking == null ? null : ranking.score(call.bulk(2));
        return score == null ? Reply.NULL : Reply.of(score);
    }
}
