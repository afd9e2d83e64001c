package rill.codec.resp;

import java.io.IOException;
import java.util.Set;

/**
 * A RESP server has answered with an error. The connection remains usable, unless the error was an answer to {@link Hello}. The message is the
 * server's and, where that is known, what to do.
 */
public final class RespException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Errors that go away by themselves. */
    private static final Set<String> TEMPORARY =
            Set.of("LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS");

    private static final String FULL = "ERR max number of clients reached";
    private static final String PROTECTED = "DENIED";

    private final String code;
    private final String said;

    RespException(Reply.Failed failure) {
        this(failure, "");
    }

    RespException(Reply.Failed failure, String before) {
        super(before + failure.message() + advice(failure));
        this.code = failure.code();
        this.said = failure.message();
    }

    /** The first word of the error, such as {@code ERR} or {@code WRONGTYPE}. */
    public String code() {
        return code;
    }

    /** The server's message, word for word. */
    public String said() {
        return said;
    }

    /** Whether the same may succeed later: for example, the server is loading its data, or has no room for another client now. */
    public boolean isTemporary() {
        return TEMPORARY.contains(code) || said.equals(FULL);
    }

    /**
     * Whether this error answers no command, although it may arrive after one. A server that accepts no more clients, or none from other machines,
     * sends it unasked and closes.
     */
    static boolean refusesConnection(Reply.Failed failure) {
        return failure.message().equals(FULL) || failure.code().equals(PROTECTED);
    }

    private static String advice(Reply.Failed failure) {
        String advice = switch (failure.code()) {
            case "NOAUTH" -> "give a password: Hello.password or Hello.user";
            case "WRONGPASS" -> "check the name and the password of Hello.user";
            case PROTECTED ->
                "the server takes connections from its own machine alone: give it a password, or switch protected-mode off";
            case "NOPERM" -> "the access control list of the server does not allow this user that";
            case "NOPROTO" -> "speak RESP 2: Hello.resp2";
            case "LOADING" -> "the server is reading its data: try again in a while";
            case "BUSY" -> "a script is running: try again in a while, or end it by SCRIPT KILL";
            case "TRYAGAIN", "CLUSTERDOWN" -> "try again in a while";
            case "MASTERDOWN" -> "the replica has lost its master: try again in a while";
            case "READONLY" -> "this is a replica: write to its master";
            case "MOVED", "ASK" -> "the key is at the node that is named: ask there";
            case "CROSSSLOT" -> "the keys of one command have to be in one slot: give them a common {tag}";
            case "NOSCRIPT" -> "send the script itself, by EVAL";
            case "EXECABORT" -> "a command of the transaction was refused, so none was carried out";
            default -> adviceOn(failure.message());
        };
        return advice.isEmpty() ? "" : " (" + advice + ")";
    }

    private static String adviceOn(String message) {
        if (message.equals(FULL)) {
            return "try again later, or give the server a higher maxclients";
        }
        return message.startsWith("ERR unknown command 'HELLO'") || message.startsWith("ERR unknown command `HELLO`")
                ? "the server is older than Redis 6: speak RESP 2, Hello.resp2"
                : "";
    }
}
