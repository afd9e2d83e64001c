package rill.examples;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import rill.codec.Command;
import rill.codec.Reply;

/** What Redis does with strings: each command's answer. */
final class RedisCommands {
    private static final Reply SYNTAX_ERROR = new Reply.Failed("ERR syntax error");
    private static final Reply NO_INTEGER = new Reply.Failed("ERR value is not an integer or out of range");
    private static final String INFO = "# Server\r\nredis_version:0.0.0\r\nredis_mode:standalone\r\n";

    private final MemoryStore store;

    /** A command has fewer arguments, or more, than it should. */
    private static final class WrongNumber extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    RedisCommands(MemoryStore store) {
        this.store = store;
    }

    Reply execute(Command command) {
        String name = command.name();
        try {
            return switch (name) {
                case "COMMAND" -> Reply.EMPTY;
                case "CONFIG" -> config(command);
                case "DBSIZE" -> Reply.of(store.size());
                case "DECR" -> add(one(command), -1);
                case "DEL" -> Reply.of(keys(command).filter(store::remove).count());
                case "ECHO" -> Reply.bulk(one(command));
                case "EXISTS" -> Reply.of(keys(command).filter(store::contains).count());
                case "FLUSHALL" -> flushAll();
                case "GET" -> get(one(command));
                case "INCR" -> add(one(command), 1);
                case "INFO" -> Reply.bulk(INFO);
                case "MGET" -> new Reply.Array(keys(command).map(this::get).toList());
                case "MSET" -> setAll(command);
                case "PING" -> command.size() == 1 ? Reply.PONG : Reply.bulk(one(command));
                case "QUIT" -> Reply.OK;
                case "SELECT" -> select(one(command));
                case "SET" -> set(command);
                default -> new Reply.Failed("ERR unknown command");
            };
        } catch (NumberFormatException | ArithmeticException e) {
            return NO_INTEGER;
        } catch (WrongNumber e) {
            return new Reply.Failed(
                    "ERR wrong number of arguments for '" + name.toLowerCase(Locale.ROOT) + "' command");
        }
    }

    /** The only argument. */
    private static byte[] one(Command command) {
        require(command.size() == 2);
        return command.bytes(1);
    }

    /** All arguments, of which there is at least one. */
    private static Stream<byte[]> keys(Command command) {
        require(command.size() >= 2);
        return IntStream.range(1, command.size()).mapToObj(command::bytes);
    }

    private static void require(boolean rightNumber) {
        if (!rightNumber) {
            throw new WrongNumber();
        }
    }

    private Reply get(byte[] key) {
        Reply.Bulk value = store.get(key);
        return value == null ? Reply.NULL : value;
    }

    private Reply set(Command command) {
        require(command.size() >= 3);
        byte[] key = command.bytes(1);
        boolean wanted = true;
        long lifetime = 0; // for good
        for (int at = 3; at < command.size(); at++) {
            String option = command.string(at).toUpperCase(Locale.ROOT);
            if (option.equals("NX")) {
                wanted = !store.contains(key);
            } else if (option.equals("XX")) {
                wanted = store.contains(key);
            } else if ((option.equals("EX") || option.equals("PX")) && ++at < command.size()) {
                lifetime = lifetime(option, number(command.bytes(at)));
            } else {
                return SYNTAX_ERROR;
            }
        }
        if (wanted && lifetime == 0) {
            store.put(key, Reply.bulk(command.bytes(2)));
        } else if (wanted) {
            store.put(key, Reply.bulk(command.bytes(2)), lifetime);
        }
        return wanted ? Reply.OK : Reply.NULL;
    }

    private static long lifetime(String option, long number) {
        if (number <= 0) {
            throw new NumberFormatException("a lifetime has to be positive");
        }
        return (option.equals("EX") ? TimeUnit.SECONDS : TimeUnit.MILLISECONDS).toNanos(number);
    }

    private Reply setAll(Command command) {
        require(command.size() >= 3 && command.size() % 2 == 1);
        for (int at = 1; at < command.size(); at += 2) {
            store.put(command.bytes(at), Reply.bulk(command.bytes(at + 1)));
        }
        return Reply.OK;
    }

    private Reply add(byte[] key, long difference) {
        Reply.Bulk before = store.get(key);
        long sum = Math.addExact(before == null ? 0 : number(before.bytes()), difference);
        store.replace(key, Reply.bulk(Long.toString(sum)));
        return Reply.of(sum);
    }

    /** Strict, as Redis is: no plus sign, no leading zeros. */
    private static long number(byte[] digits) {
        String text = new String(digits, StandardCharsets.US_ASCII);
        long number = Long.parseLong(text);
        if (!Long.toString(number).equals(text)) {
            throw new NumberFormatException(text);
        }
        return number;
    }

    private Reply flushAll() {
        store.clear();
        return Reply.OK;
    }

    private static Reply select(byte[] database) {
        return number(database) == 0 ? Reply.OK : new Reply.Failed("ERR DB index is out of range");
    }

    /** redis-benchmark asks whether something is saved; there is nothing else to know. */
    private static Reply config(Command command) {
        boolean saving = command.size() == 3 && List.of("save", "appendonly").contains(command.string(2));
        return saving ? Reply.array(Reply.bulk(command.bytes(2)), Reply.bulk("no")) : Reply.EMPTY;
    }
}
