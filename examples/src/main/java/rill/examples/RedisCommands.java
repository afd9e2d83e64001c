package rill.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespVersion;

/** Redis's commands and their answers. Those for keys and strings are here, the others in {@link RedisCollections}. */
final class RedisCommands {
    /** The version of no real Redis: clients would ask a high one for features that don't exist here. */
    static final String VERSION = "0.0.0";

    /** Redis stores the end of a lifetime in 64 bits, counted from 1970. */
    private static final long LONGEST_LIFETIME_MILLIS = Long.MAX_VALUE - (1L << 41);

    private static final String INFO = "# Server\r\nredis_version:" + VERSION + "\r\nredis_mode:standalone\r\n";

    private final MemoryStore store;
    private final RedisCollections collections;

    RedisCommands(MemoryStore store) {
        this.store = store;
        this.collections = new RedisCollections(store);
    }

    /** Executes a command for a client that speaks this version, which the answer may depend on. */
    Reply execute(Command command, RespVersion version) {
        var call = new RedisCall(command, version);
        String name = command.name();
        try {
            Reply answer = keysAndStrings(name, call);
            if (answer == null) {
                answer = collections.execute(name, call);
            }
            if (answer == null) {
                answer = server(name, call);
            }
            if (answer == null) {
                throw RefusedCommand.unknown(command);
            }
            return answer;
        } catch (RefusedCommand refused) {
            return refused.answer();
        }
    }

    private @Nullable Reply keysAndStrings(String name, RedisCall call) {
        return switch (name) {
            case "DECR" -> add(call.withArguments(1), -1);
            case "DECRBY" -> add(call.withArguments(2), -decrement(call));
            case "DEL" -> count(call, store::remove);
            case "EXISTS" -> count(call, store::contains);
            case "GET" -> get(call.withArguments(1));
            case "INCR" -> add(call.withArguments(1), 1);
            case "INCRBY" -> add(call.withArguments(2), call.number(2));
            case "MGET" -> getAll(call.withAtLeast(1));
            case "MSET" -> setAll(call.withPairsAfter(0));
            case "SET" -> set(call.withAtLeast(2));
            case "TYPE" -> type(call.withArguments(1));
            default -> null;
        };
    }

    private @Nullable Reply server(String name, RedisCall call) {
        return switch (name) {
            case "COMMAND" -> Reply.EMPTY;
            case "CONFIG" -> config(call.withAtLeast(1).command());
            case "DBSIZE" -> Reply.of(store.size());
            case "ECHO" -> call.withArguments(1).bulk(1);
            case "FLUSHALL" -> flushAll();
            case "INFO" -> Reply.bulk(INFO);
            case "PING" -> call.withArguments(0, 1).command().size() == 1 ? Reply.PONG : call.bulk(1);
            case "QUIT" -> Reply.OK;
            case "SELECT" -> select(call.withArguments(1));
            default -> null;
        };
    }

    private static Reply count(RedisCall call, Predicate<byte[]> which) {
        long count = 0;
        for (int i = 1; i < call.withAtLeast(1).command().size(); i++) {
            count += which.test(call.command().bytes(i)) ? 1 : 0;
        }
        return Reply.of(count);
    }

    private Reply type(RedisCall call) {
        Value value = store.get(call.key());
        return new Reply.Simple(value == null ? "none" : value.type());
    }

    // ---- strings

    private Reply get(RedisCall call) {
        var value = store.get(call.key(), Value.Text.class);
        return value == null ? Reply.NULL : value.bytes();
    }

    private Reply getAll(RedisCall call) {
        List<Reply> values = new ArrayList<>();
        for (int i = 1; i < call.command().size(); i++) {
            values.add(store.get(call.command().bytes(i)) instanceof Value.Text text ? text.bytes() : Reply.NULL);
        }
        return new Reply.Array(values);
    }

    private Reply set(RedisCall call) {
        Command command = call.command();
        byte[] key = call.key();
        String condition = "";
        String unit = "";
        int number = 0;
        for (int at = 3; at < command.size(); at++) {
            String option = command.string(at).toUpperCase(Locale.ROOT);
            if (Set.of("NX", "XX").contains(option) && (condition.isEmpty() || condition.equals(option))) {
                condition = option;
            } else if (Set.of("EX", "PX").contains(option)
                    && (unit.isEmpty() || unit.equals(option))
                    && ++at < command.size()) {
                unit = option;
                number = at;
            } else {
                throw RefusedCommand.because("syntax error");
            }
        }
        long lifetime = unit.isEmpty() ? 0 : lifetime(unit, call.number(number)); // 0: never expires
        boolean wanted = condition.isEmpty() || condition.equals("XX") == store.contains(key);
        if (wanted && lifetime == 0) {
            store.put(key, new Value.Text(call.bulk(2)));
        } else if (wanted) {
            store.put(key, new Value.Text(call.bulk(2)), lifetime);
        }
        return wanted ? Reply.OK : Reply.NULL;
    }

    private static long lifetime(String option, long number) {
        TimeUnit unit = option.equals("EX") ? TimeUnit.SECONDS : TimeUnit.MILLISECONDS;
        if (number <= 0 || unit.toMillis(number) > LONGEST_LIFETIME_MILLIS) {
            throw RefusedCommand.because("invalid expire time in 'set' command");
        }
        return unit.toNanos(number);
    }

    private Reply setAll(RedisCall call) {
        for (int at = 1; at < call.command().size(); at += 2) {
            store.put(call.command().bytes(at), new Value.Text(call.bulk(at + 1)));
        }
        return Reply.OK;
    }

    private static long decrement(RedisCall call) {
        long number = call.number(2);
        if (number == Long.MIN_VALUE) {
            throw RefusedCommand.because("decrement would overflow");
        }
        return number;
    }

    private Reply add(RedisCall call, long difference) {
        var before = store.get(call.key(), Value.Text.class);
        long number = before == null ? 0 : RedisCall.number(before.bytes().bytes());
        long sum = number + difference;
        if (((number ^ sum) & (difference ^ sum)) < 0) {
            throw RefusedCommand.because("increment or decrement would overflow");
        }
        store.replace(call.key(), new Value.Text(Reply.bulk(Long.toString(sum))));
        return Reply.of(sum);
    }

    // ---- the server

    private Reply flushAll() {
        store.clear();
        return Reply.OK;
    }

    private static Reply select(RedisCall call) {
        if (call.number(1) != 0) {
            throw RefusedCommand.because("DB index is out of range");
        }
        return Reply.OK;
    }

    /** redis-benchmark asks whether data is saved; nothing else is configurable. */
    private static Reply config(Command command) {
        boolean saving = command.size() == 3 && List.of("save", "appendonly").contains(command.string(2));
        return saving ? Reply.map(Reply.bulk(command.bytes(2)), Reply.bulk("no")) : Reply.map();
    }
}
