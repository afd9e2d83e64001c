package rill.examples;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespVersion;

/** A client of a {@link MemoryRedis}: its protocol version, its name, and its subscriptions. */
final class RedisPeer {
    private static final Set<String> WHILE_SUBSCRIBED =
            Set.of("SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PING", "QUIT");

    /** Commands whose answers have a special form, or that change the form of others. */
    private static final Set<String> NOT_QUEUED =
            Set.of("SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "HELLO");

    private static final int LONGEST_TRANSACTION = 10_000;

    private final Connection<Command, Reply> connection;
    private final RedisCommands commands;
    private final RedisChannels channels;
    private final long id;
    private final Set<Reply.Bulk> subscribed = new LinkedHashSet<>();
    private final Set<Reply.Bulk> patterns = new LinkedHashSet<>();
    private RespVersion version = RespVersion.RESP2;
    private Reply name = Reply.NULL;
    private @Nullable List<RedisCall> queued; // since MULTI
    private boolean overlong; // some were not queued, so none is carried out

    RedisPeer(Connection<Command, Reply> connection, RedisCommands commands, RedisChannels channels) {
        this.connection = connection;
        this.commands = commands;
        this.channels = channels;
        this.id = channels.nextId();
    }

    void serve() {
        connection.onMessage(this::answer).onFailure(this::refuse);
        connection.closed().onDone((nothing, failure) -> channels.forget(this, subscribed, patterns));
    }

    private void answer(Command command) {
        String called = command.name();
        if (called.equals("POST") || called.equals("HOST:")) {
            connection.close(); // as Redis does: only an attacker sends that
            return;
        }
        Future<@Nullable Void> accepted = say(carryOut(called, command));
        if (called.equals("QUIT")) {
            connection.close(); // the answer is still sent
        } else if (!accepted.isDone()) {
            connection.pause(); // a client that does not take its answers is not read from, so nothing piles up
            accepted.onDone((nothing, failure) -> connection.resume());
        }
    }

    private Reply carryOut(String called, Command command) {
        try {
            var call = new RedisCall(command, version);
            requireAllowed(called, command);
            Reply answer = ofTransaction(called, call);
            return answer == null ? carryOutNow(called, call) : answer;
        } catch (RefusedCommand refused) {
            return refused.answer();
        }
    }

    private Reply carryOutNow(String called, RedisCall call) {
        Reply answer = ofConnection(called, call);
        return answer == null ? commands.execute(call.command(), version) : answer;
    }

    private Future<@Nullable Void> say(Reply reply) {
        return connection.write(version.say(reply));
    }

    /** Answers a protocol violation with its description before the connection is closed, as Redis does. Any other failure goes to the log. */
    private void refuse(Failure failure) {
        if (failure.cause() instanceof ProtocolException wrong) {
            connection.write(new Reply.Failed("ERR Protocol error: " + wrong.violation()));
        } else {
            failure.report();
        }
    }

    /** Whether it receives messages as replies of RESP 2, which cannot be told from replies to commands. */
    private boolean listens() {
        return version == RespVersion.RESP2 && !(subscribed.isEmpty() && patterns.isEmpty());
    }

    private void requireAllowed(String called, Command command) {
        if (listens() && !WHILE_SUBSCRIBED.contains(called)) {
            throw RefusedCommand.because("Can't execute '" + command.string(0).toLowerCase(Locale.ROOT)
                    + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
                    + " context");
        }
    }

    /** Answers commands about the connection itself; returns null for any other. */
    private @Nullable Reply ofConnection(String called, RedisCall call) {
        return switch (called) {
            case "CLIENT" -> client(call.withAtLeast(1));
            case "HELLO" -> hello(call);
            case "PING" -> listens() ? pong(call.withArguments(0, 1)) : null;
            case "PSUBSCRIBE" -> subscribe(call.withAtLeast(1), patterns, "psubscribe");
            case "PUBLISH" -> channels.publish(call.withArguments(2).bulk(1), call.bulk(2));
            case "PUNSUBSCRIBE" -> unsubscribe(call, patterns, "punsubscribe");
            case "SUBSCRIBE" -> subscribe(call.withAtLeast(1), subscribed, "subscribe");
            case "UNSUBSCRIBE" -> unsubscribe(call, subscribed, "unsubscribe");
            default -> null;
        };
    }

    // // ---- transactions

    /**
     * Answers a command that begins or ends a transaction, or is queued in one; returns null for any other. Invalid commands are noticed only at
     * EXEC; Redis checks each command before it queues it.
     */
    private @Nullable Reply ofTransaction(String called, RedisCall call) {
        return switch (called) {
            case "MULTI" -> begin(call.withArguments(0));
            case "DISCARD" -> {
                end(call.withArguments(0));
                yield Reply.OK;
            }
            case "EXEC" -> {
                List<RedisCall> transaction = end(call.withArguments(0));
                if (overlong) {
                    throw RefusedCommand.discarded();
                }
                yield carryOutAll(transaction);
            }
            default -> queued == null ? null : queue(called, call, queued);
        };
    }

    private Reply begin(RedisCall multi) {
        if (queued != null) {
            throw RefusedCommand.because(multi.command().name() + " calls can not be nested");
        }
        queued = new ArrayList<>();
        overlong = false;
        return Reply.OK;
    }

    private List<RedisCall> end(RedisCall call) {
        List<RedisCall> transaction = queued;
        if (transaction == null) {
            throw RefusedCommand.because(call.command().name() + " without MULTI");
        }
        queued = null;
        return transaction;
    }

    private @Nullable Reply queue(String called, RedisCall call, List<RedisCall> transaction) {
        if (called.equals("QUIT")) {
            return null;
        }
        if (NOT_QUEUED.contains(called)) {
            throw RefusedCommand.because("Command not allowed inside a transaction");
        }
        if (transaction.size() == LONGEST_TRANSACTION) {
            overlong = true;
            throw RefusedCommand.because("a transaction has at most " + LONGEST_TRANSACTION + " commands");
        }
        transaction.add(call);
        return Reply.QUEUED;
    }

    private Reply carryOutAll(List<RedisCall> transaction) {
        List<Reply> answers = new ArrayList<>();
        for (RedisCall each : transaction) {
            try {
                answers.add(carryOutNow(each.command().name(), each));
            } catch (RefusedCommand refused) {
                answers.add(refused.answer());
            }
        }
        return new Reply.Array(answers);
    }

    // // ---- identity

    private Reply client(RedisCall call) {
        Command command = call.command();
        String what = command.string(1);
        return switch (what.toUpperCase(Locale.ROOT)) {
            case "GETNAME" -> name;
            case "ID" -> Reply.of(id);
            case "SETINFO" -> {
                requireSize(command, 4);
                yield Reply.OK;
            }
            case "SETNAME" -> {
                requireSize(command, 3);
                name(command.string(2));
                yield Reply.OK;
            }
            default -> throw RefusedCommand.because("unknown subcommand '" + what + "'. Try CLIENT HELP.");
        };
    }

    private static void requireSize(Command command, int size) {
        if (command.size() != size) {
            throw RefusedCommand.wrongNumber("client|" + command.string(1).toLowerCase(Locale.ROOT));
        }
    }

    private void name(String text) {
        if (!text.matches("[!-~]*")) {
            throw RefusedCommand.because("Client names cannot contain spaces, newlines or special characters.");
        }
        name = text.isEmpty() ? Reply.NULL : Reply.bulk(text);
    }

    /** Every client may be the default user, and none may be another. */
    private Reply hello(RedisCall call) {
        Command command = call.command();
        RespVersion wanted = version;
        if (command.size() > 1) {
            wanted = switch (command.string(1)) {
                case "2" -> RespVersion.RESP2;
                case "3" -> RespVersion.RESP3;
                case String other when other.matches("-?[0-9]{1,18}") -> throw RefusedCommand.noProtocol();
                default -> throw RefusedCommand.because("Protocol version is not an integer or out of range");
            };
        }
        for (int at = 2; at < command.size(); ) {
            String option = command.string(at).toUpperCase(Locale.ROOT);
            if (option.equals("AUTH") && at + 2 < command.size()) {
                if (!command.string(at + 1).equals("default")) {
                    throw RefusedCommand.wrongPassword();
                }
                at += 3;
            } else if (option.equals("SETNAME") && at + 1 < command.size()) {
                name(command.string(at + 1));
                at += 2;
            } else {
                throw RefusedCommand.because("Syntax error in HELLO option '" + command.string(at) + "'");
            }
        }
        version = wanted;
        return Reply.map(
                Reply.bulk("server"),
                Reply.bulk("redis"),
                Reply.bulk("version"),
                Reply.bulk(RedisCommands.VERSION),
                Reply.bulk("proto"),
                Reply.of(version.number()),
                Reply.bulk("id"),
                Reply.of(id),
                Reply.bulk("mode"),
                Reply.bulk("standalone"),
                Reply.bulk("role"),
                Reply.bulk("master"),
                Reply.bulk("modules"),
                Reply.EMPTY);
    }

    // ---- channels

    private static Reply pong(RedisCall call) {
        return Reply.array(Reply.bulk("pong"), call.command().size() > 1 ? call.bulk(1) : Reply.bulk(""));
    }

    /** Each subscription is confirmed separately, the last one by the return value. */
    private Reply subscribe(RedisCall call, Set<Reply.Bulk> to, String kind) {
        Reply last = Reply.NULL;
        for (int i = 1; i < call.command().size(); i++) {
            if (i > 1) {
                say(last);
            }
            Reply.Bulk channel = call.bulk(i);
            to.add(channel);
            channels.add(channel, this, to == patterns);
            last = confirmed(kind, channel);
        }
        return last;
    }

    private Reply unsubscribe(RedisCall call, Set<Reply.Bulk> from, String kind) {
        List<Reply.Bulk> names = new ArrayList<>();
        call.forEachFrom(1, names::add);
        if (names.isEmpty()) {
            names.addAll(from);
        }
        if (names.isEmpty()) {
            return confirmed(kind, Reply.NULL);
        }
        Reply last = Reply.NULL;
        for (int i = 0; i < names.size(); i++) {
            if (i > 0) {
                say(last);
            }
            from.remove(names.get(i));
            channels.remove(names.get(i), this, from == patterns);
            last = confirmed(kind, names.get(i));
        }
        return last;
    }

    private Reply confirmed(String kind, Reply channel) {
        return Reply.push(kind, channel, Reply.of(subscribed.size() + patterns.size()));
    }

    /** Sends a published message. */
    void tell(Reply push) {
        if (connection.isOpen()) {
            say(push);
        }
    }
}
