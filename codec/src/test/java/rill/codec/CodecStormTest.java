package rill.codec;

import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ByteLayer;
import rill.Framing;
import rill.codec.tls.TlsLayers;
import rill.testkit.storm.Storm;
import rill.testkit.storm.World;

/** Storms over the framings of this module. */
@Tag("slow")
class CodecStormTest {
    private static final int LIMIT = 8 * 1024 * 1024;

    private static final Map<String, Framing> FRAMINGS = Map.of(
            "lines", Lines.of().limit(LIMIT),
            "three-bytes", LengthField.ofBytes(3).limit(LIMIT),
            "varint", LengthField.varint().limit(LIMIT),
            "delimited", Delimited.by("#!#").limit(LIMIT));

    @Test
    void storms_over_the_framings_keep_the_laws() {
        Storm.check(200, 0.1, seed -> World.memory(seed, FRAMINGS));
    }

    @Test
    void storms_over_tls_keep_the_laws() {
        Map<String, ByteLayer> tls = TlsLayers.made();
        Storm.check(200, 0.1, seed -> World.memory(seed, FRAMINGS, tls));
    }
}
