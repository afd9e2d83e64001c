package rill.bridge.netty;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Codec;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;

/** Checks Netty's handlers against the laws of codecs: each message once, whatever the splits, and at the end all that is left. */
@Tag("slow")
@ExtendWith(Leaks.class)
class BridgeLawsTest {
    private static final int MUTATIONS = 4_000; // each makes a few of Netty's pipelines

    private static void lines(ChannelPipeline handlers) {
        handlers.addLast(
                new LineBasedFrameDecoder(1 << 20),
                new StringDecoder(StandardCharsets.ISO_8859_1),
                new StringEncoder(StandardCharsets.ISO_8859_1));
    }

    @TestFactory
    Stream<DynamicTest> lines_obey_the_laws() {
        Codec<String, String> codec = NettyHandlers.of(BridgeLawsTest::lines).codec(String.class, String.class);
        return CodecLaws.of(codec)
                .understands("one\n", "two\nthree\r\n\nfour\n", "x".repeat(300) + "\n")
                .waits("x".repeat(100))
                .mutations(MUTATIONS)
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_layer_of_lengths_obeys_the_laws() {
        return CodecLaws.of(NettyHandlers.of(handlers -> handlers.addLast(
                                new LengthFieldBasedFrameDecoder(1 << 16, 0, 1, 0, 1), new LengthFieldPrepender(1)))
                        .layer())
                .understands("\3one", "\3one\0\5three", "\377" + "y".repeat(255))
                .waits("\377abc")
                .mutations(MUTATIONS)
                .tests();
    }
}
