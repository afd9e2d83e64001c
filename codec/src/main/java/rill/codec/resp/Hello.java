package rill.codec.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client says first on each of its connections: the version that it wants to speak, who it is, and which database is meant. A connection is
 * there once the server has agreed to all of it. Immutable; each method gives a changed copy.
 *
 * <pre>
 * Resp.client(Hello.resp3().user("billing", password).database(2))
 * </pre>
 *
 * <p><b>Not guaranteed:</b> that what a command has changed later, such as {@code SELECT} or {@code AUTH}, is said again: it is gone with its
 * connection, so what a {@link rill.Pool} needs is said here.
 *
 * <p><b>Errors:</b> what the server refuses fails the connection, and so {@link rill.Loop#connect}, with a {@link RespException} that says what was
 * refused, why, and what to do.
 *
 * <p><b>Source:</b> Redis documentation, "HELLO", "AUTH", "SELECT", "CLIENT SETNAME".
 */
public final class Hello {
    private static final Hello RESP2 = new Hello(RespVersion.RESP2, null, null, null, 0, List.of());
    private static final Hello RESP3 = new Hello(RespVersion.RESP3, null, null, null, 0, List.of());

    private final RespVersion version;
    private final @Nullable String user;
    private final @Nullable String password;
    private final @Nullable String clientName;
    private final int database;
    private final List<Command> further;

    private Hello(
            RespVersion version,
            @Nullable String user,
            @Nullable String password,
            @Nullable String clientName,
            int database,
            List<Command> further) {
        this.version = version;
        this.user = user;
        this.password = password;
        this.clientName = clientName;
        this.database = database;
        this.further = further;
    }

    /** RESP 2, which needs no greeting: unless more is wanted nothing is sent. Every server understands it. */
    public static Hello resp2() {
        return RESP2;
    }

    /** RESP3, by {@code HELLO 3}; from Redis 6 on. */
    public static Hello resp3() {
        return RESP3;
    }

    // ---- changed copies

    /** With the password of the default user. */
    public Hello password(String secret) {
        return new Hello(version, null, Objects.requireNonNull(secret, "secret"), clientName, database, further);
    }

    /** With the name and the password of a user, as the server's access control list (ACL) has them. */
    public Hello user(String name, String secret) {
        return new Hello(
                version,
                Objects.requireNonNull(name, "name"),
                Objects.requireNonNull(secret, "secret"),
                clientName,
                database,
                further);
    }

    /** With a name for the connection, which {@code CLIENT LIST} shows: visible characters of ASCII, without spaces. */
    public Hello clientName(String name) {
        if (!name.matches("[!-~]+")) {
            throw new IllegalArgumentException("a client's name is of visible characters of ASCII, not '" + name + "'");
        }
        return new Hello(version, user, password, name, database, further);
    }

    /** With a database other than 0. */
    public Hello database(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("a database is 0 or more, not " + index);
        }
        return new Hello(version, user, password, clientName, index, further);
    }

    /** With one more command that has to succeed before the connection is used, such as {@code READONLY}: after all others. */
    public Hello then(Command command) {
        Unpaired.refuse(command, this, true);
        var more = new ArrayList<>(further);
        more.add(command);
        return new Hello(version, user, password, clientName, database, List.copyOf(more));
    }

    // ---- what it says

    /** The version that it asks for. */
    public RespVersion version() {
        return version;
    }

    /** What was added by {@link #then}. */
    List<Command> further() {
        return further;
    }

    /** In their order; each has one answer. */
    List<Command> commands() {
        var commands = new ArrayList<Command>();
        if (version == RespVersion.RESP3) {
            Command hello = Command.of("HELLO", "3");
            if (password != null) {
                hello = hello.with("AUTH").with(user == null ? "default" : user).with(password);
            }
            commands.add(clientName == null ? hello : hello.with("SETNAME").with(clientName));
        } else {
            if (password != null) {
                commands.add(user == null ? Command.of("AUTH", password) : Command.of("AUTH", user, password));
            }
            if (clientName != null) {
                commands.add(Command.of("CLIENT", "SETNAME", clientName));
            }
        }
        if (database != 0) {
            commands.add(Command.of("SELECT", Integer.toString(database)));
        }
        commands.addAll(further);
        return commands;
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "Hello[" + version
                + (password == null ? "" : ", user " + (user == null ? "default" : user))
                + (clientName == null ? "" : ", client " + clientName)
                + (database == 0 ? "" : ", database " + database)
                + (further.isEmpty() ? "" : ", " + further.size() + " more commands") + "]";
    }
}
