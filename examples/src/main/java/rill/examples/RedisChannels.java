package rill.examples;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import rill.codec.resp.Reply;

/** The subscriptions of the clients of a {@link MemoryRedis}. */
final class RedisChannels {
    private final Map<Reply.Bulk, Set<RedisPeer>> byName = new LinkedHashMap<>();
    private final Map<Reply.Bulk, Set<RedisPeer>> byPattern = new LinkedHashMap<>();
    private long lastId;

    long nextId() {
        return ++lastId;
    }

    private Map<Reply.Bulk, Set<RedisPeer>> map(boolean patterns) {
        return patterns ? byPattern : byName;
    }

    void add(Reply.Bulk name, RedisPeer peer, boolean pattern) {
        map(pattern).computeIfAbsent(name, key -> new LinkedHashSet<>()).add(peer);
    }

    void remove(Reply.Bulk name, RedisPeer peer, boolean pattern) {
        map(pattern).computeIfPresent(name, (key, peers) -> {
            peers.remove(peer);
            return peers.isEmpty() ? null : peers;
        });
    }

    /** A client has gone. */
    void forget(RedisPeer peer, Collection<Reply.Bulk> names, Collection<Reply.Bulk> patterns) {
        names.forEach(name -> remove(name, peer, false));
        patterns.forEach(pattern -> remove(pattern, peer, true));
    }

    /** Publishes a message; returns how many clients received it. */
    Reply publish(Reply.Bulk channel, Reply.Bulk message) {
        int told = 0;
        for (RedisPeer each : List.copyOf(byName.getOrDefault(channel, Set.of()))) {
            each.tell(Reply.push("message", channel, message));
            told++;
        }
        for (Map.Entry<Reply.Bulk, Set<RedisPeer>> entry : List.copyOf(byPattern.entrySet())) {
            if (Glob.matches(entry.getKey().bytes(), channel.bytes())) {
                for (RedisPeer each : List.copyOf(entry.getValue())) {
                    each.tell(Reply.push("pmessage", entry.getKey(), channel, message));
                    told++;
                }
            }
        }
        return Reply.of(told);
    }
}
