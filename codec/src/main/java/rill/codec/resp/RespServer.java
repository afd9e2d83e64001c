package rill.codec.resp;

/**
 * What a server has reported about itself in answer to {@code HELLO}: {@link rill.Connection#info} of a connection that began with
 * {@link Hello#resp3}, or with a {@code HELLO} in {@link Hello#then}. Anything that the server did not report is empty or 0.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param name the program, such as {@code redis}
 * @param version the program's version
 * @param protocol the version that is spoken
 * @param clientId the server's identifier of this connection
 * @param mode {@code standalone}, {@code sentinel} or {@code cluster}
 * @param role {@code master} or {@code replica}
 */
public record RespServer(String name, String version, int protocol, long clientId, String mode, String role) {
    static RespServer of(Reply.Map hello) {
        return new RespServer(
                text(hello, "server"),
                text(hello, "version"),
                (int) number(hello, "proto"),
                number(hello, "id"),
                text(hello, "mode"),
                text(hello, "role"));
    }

    private static String text(Reply.Map hello, String key) {
        Reply value = hello.get(key);
        String text = value == null ? null : Reply.text(value);
        return text == null ? "" : text;
    }

    private static long number(Reply.Map hello, String key) {
        return hello.get(key) instanceof Reply.Int number ? number.number() : 0;
    }
}
