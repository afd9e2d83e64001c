package rill.codec.resp;

import rill.Codec;
import rill.codec.resp.RespClientCodec.Pairing;

/** RESP codecs without a pipeline around them. */
public final class FuzzedResp {
    private static final RespOptions LIMITS = RespOptions.defaults()
            .bulkBytes(50)
            .elements(12)
            .depth(3)
            .lineBytes(20)
            .messageBytes(700);

    private FuzzedResp() {}

    /** A client of RESP 2, with one reply for each command. */
    public static Codec<Reply, Command> client() {
        return new RespClientCodec(LIMITS, Hello.resp2(), Pairing.REPLIES);
    }

    /** A client that understands both versions. */
    public static Codec<Reply, Command> ofBothVersions() {
        return new RespClientCodec(LIMITS, Hello.resp2(), Pairing.NONE);
    }

    /** A client that begins with HELLO. */
    public static Codec<Reply, Command> greeting() {
        return new RespClientCodec(LIMITS, Hello.resp3(), Pairing.REPLIES);
    }

    /** A server. */
    public static Codec<Command, Reply> server() {
        return new RespServerCodec(LIMITS);
    }
}
