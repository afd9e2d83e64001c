package rill.codec.resp;

import java.io.IOException;

/** A RESP server has answered with an error. The connection is as good as before. */
public final class RespException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String code;

    RespException(Reply.Failed failure) {
        super(failure.message());
        this.code = failure.code();
    }

    /** The first word of the error, such as {@code ERR} or {@code WRONGTYPE}. */
    public String code() {
        return code;
    }
}
