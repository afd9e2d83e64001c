package rill.codec.resp;

import rill.Codec;
import rill.codec.resp.RespClientCodec.Pairing;

/** The codecs of RESP, without a pipeline. */
public final class RespCodecs {
    private RespCodecs() {}

    /** A client's codec, with one reply for each command. */
    public static Codec<Reply, Command> client(RespOptions options) {
        return paired(options);
    }

    static RespClientCodec paired(RespOptions options) {
        return new RespClientCodec(options, Hello.resp2(), Pairing.REPLIES);
    }

    /** A client's codec that knows both versions, without a greeting. */
    public static Codec<Reply, Command> ofBothVersions(RespOptions options) {
        return unpaired(options);
    }

    static RespClientCodec unpaired(RespOptions options) {
        return new RespClientCodec(options, Hello.resp2(), Pairing.NONE);
    }

    /** A client's codec that begins with this greeting. */
    static RespClientCodec greeting(Hello hello, Pairing pairing) {
        return new RespClientCodec(RespOptions.defaults(), hello, pairing);
    }

    /** A server's codec. */
    public static Codec<Command, Reply> server(RespOptions options) {
        return new RespServerCodec(options);
    }
}
