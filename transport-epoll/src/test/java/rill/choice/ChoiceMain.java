package rill.choice;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import rill.Codec;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.transport.epoll.EpollTransport;

/**
 * The program that NativeAccessTest runs, outside all modules and so in a package that belongs to none of them. Opens loops as a user does, prints
 * what was chosen and why, and echoes bytes.
 */
public final class ChoiceMain {
    private ChoiceMain() {}

    /** With the argument {@code explicit}, also asks for the direct path by name. */
    public static void main(String[] arguments) throws Exception {
        System.out.println("UNAVAILABLE " + Objects.requireNonNullElse(new EpollTransport().unavailable(), "no"));
        if (arguments.length > 0 && arguments[0].equals("explicit")) {
            try {
                Loop.open(new EpollTransport()).close();
            } catch (IllegalStateException e) {
                System.out.println("REFUSED " + e.getMessage());
            }
        }
        var options = LoopOptions.defaults().reporter(report -> System.out.println("REPORT " + report.message()));
        try (var loop = Loop.open(options)) {
            System.out.println("CHOSEN " + loop.transport().name());
            System.out.println("ECHO " + loop.run(() -> echo(loop)));
            Loop.open(options).close();
        } catch (IllegalStateException e) {
            System.out.println("FAILED " + e.getMessage());
        }
    }

    private static String echo(Loop loop) throws Exception {
        Pipeline<String, String> bytes = Pipeline.of(Codec.of(
                (in, context) -> in.isReadable()
                        ? in.readCharSequence(in.readableBytes(), StandardCharsets.UTF_8)
                                .toString()
                        : null,
                (message, out) -> out.writeCharSequence(message, StandardCharsets.UTF_8)));
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var server = loop.serve(address, bytes, Future::of).await();
        var connection = loop.connect(server.address(), bytes).await();
        connection.write("round and round");
        String answer = connection.receive().await();
        connection.close();
        server.close();
        return answer;
    }
}
