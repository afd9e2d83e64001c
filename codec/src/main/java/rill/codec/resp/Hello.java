package rill.codec.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends first on each connection: the version that it wants to speak, its user, and the database. A connection is ready once the server
 * has agreed to all of it. Immutable; each method returns a changed copy.
 *
 * <pre>
 * Resp.client(Hello.resp3().user("billing", password).database(2))
 * </pre>
 *
 * <p><b>Not guaranteed:</b> state that a later command has changed, such as {@code SELECT} or {@code AUTH}, is not restored: it is gone with its
 * connection. What a {@link rill.Pool} needs belongs here.
 *
 * <p><b>Errors:</b> if the server refuses any of it, the connection fails, and so does {@link rill.Loop#connect}, with a {@link RespException} that
 * says what was refused, why, and what to do.
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

    /** RESP 2, which every server speaks. It needs no greeting: nothing is sent unless more is asked for. */
    public static Hello resp2() {
        return RESP2;
    }

    /** RESP3, by {@code HELLO 3}; Redis 6 or later. */
    public static Hello resp3() {
        return RESP3;
    }

    // ---- changed copies

    /** Authenticates as the default user with this password. */
    public Hello password(String secret) {
        return new Hello(version, null, Objects.requireNonNull(secret, "secret"), clientName, database, further);
    }

    /** Authenticates as a user of the server's access control list (ACL). */
    public Hello user(String name, String secret) {
        return new Hello(
                version,
                Objects.requireNonNull(name, "name"),
                Objects.requireNonNull(secret, "secret"),
                clientName,
                database,
                further);
    }

    /** Names the connection, as {@code CLIENT LIST} shows it: visible ASCII characters without spaces. */
    public Hello clientName(String name) {
        if (!name.matches("[!-~]+")) {
            throw new IllegalArgumentException("a client's name is of visible characters of ASCII, not '" + name + "'");
        }
        return new Hello(version, user, password, name, database, further);
    }

    /** Selects a database other than 0. */
    public Hello database(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("a database is 0 or more, not " + index);
        }
        return new Hello(version, user, password, clientName, index, further);
    }

    /** Adds a command that must succeed before the connection is used, such as {@code READONLY}. It is sent after all others. */
    public Hello then(Command command) {
        Unpaired.refuse(command, this, true);
        var more = new ArrayList<>(further);
        more.add(command);
        return new Hello(version, user, password, clientName, database, List.copyOf(more));
    }

    // ---- content

    /** The version that it asks for. */
    public RespVersion version() {
        return version;
    }

    /** The commands added by {@link #then}. */
    List<Command> further() {
        return further;
    }

    /** All commands in their order; each has one answer. */
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

    /** Does not show the password. */
    @Override
    public String toString() {
        return "Hello[" + version
                + (password == null ? "" : ", user " + (user == null ? "default" : user))
                + (clientName == null ? "" : ", client " + clientName)
                + (database == 0 ? "" : ", database " + database)
                + (further.isEmpty() ? "" : ", " + further.size() + " more commands") + "]";
    }
}
