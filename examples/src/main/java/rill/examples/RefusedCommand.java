package rill.examples;

import java.util.Locale;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/** A command can't be executed; the message is the error reply. */
final class RefusedCommand extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** How much of a name, and of all arguments, Redis shows. */
    private static final int SHOWN = 128;

    private RefusedCommand(String message) {
        super(message, null, false, false); // it is not our fault, so a stack trace is of no use
    }

    static RefusedCommand because(String message) {
        return new RefusedCommand("ERR " + message);
    }

    static RefusedCommand wrongType() {
        return new RefusedCommand("WRONGTYPE Operation against a key holding the wrong kind of value");
    }

    static RefusedCommand discarded() {
        return new RefusedCommand("EXECABORT Transaction discarded because of previous errors.");
    }

    static RefusedCommand wrongPassword() {
        return new RefusedCommand("WRONGPASS invalid username-password pair or user is disabled.");
    }

    static RefusedCommand noProtocol() {
        return new RefusedCommand("NOPROTO unsupported protocol version");
    }

    static RefusedCommand wrongNumber(Command command) {
        return wrongNumber(command.string(0).toLowerCase(Locale.ROOT));
    }

    /** Returns the error for a command by its name in Redis, including the subcommand if there is one. */
    static RefusedCommand wrongNumber(String called) {
        return because("wrong number of arguments for '" + called + "' command");
    }

    static RefusedCommand noInteger() {
        return because("value is not an integer or out of range");
    }

    /** Uses the words of Redis: clients look for them, to tell a server that is too old for a command from other errors. */
    static RefusedCommand unknown(Command command) {
        var arguments = new StringBuilder();
        int room = SHOWN;
        for (int i = 1; i < command.size() && room > 0; i++) {
            int before = arguments.length();
            arguments.append('\'').append(shown(command, i, room)).append("' ");
            room -= arguments.length() - before;
        }
        return because("unknown command '" + shown(command, 0, SHOWN) + "', with args beginning with: " + arguments);
    }

    /** Returns a part as far as there is room for it, on one line, and up to a NUL. */
    private static String shown(Command command, int part, int room) {
        String text = command.string(part);
        int nul = text.indexOf('\0');
        String visible = nul < 0 ? text : text.substring(0, nul);
        return visible.substring(0, Math.min(visible.length(), room))
                .replace('\r', ' ')
                .replace('\n', ' ');
    }

    Reply answer() {
        return new Reply.Failed(String.valueOf(getMessage()));
    }
}
