package rill.codec.resp;

import rill.Codec;

/** The codecs of RESP without a pipeline around them, for the tests that look at all codecs. */
public final class RespCodecs {
    private RespCodecs() {}

    /** A client whose commands have one reply each. */
    public static Codec<Reply, Command> client(RespOptions options) {
        return new RespClientCodec(options, true);
    }

    /** A server. */
    public static Codec<Command, Reply> server(RespOptions options) {
        return new RespServerCodec(options);
    }
}
