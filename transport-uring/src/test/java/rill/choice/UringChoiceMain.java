package rill.choice;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.transport.uring.UringTransport;

/** The program that ModulePathTest runs, outside all modules and so in a package that belongs to none of them. */
public final class UringChoiceMain {
    private UringChoiceMain() {}

    /** Prints why io_uring is unavailable, or what was chosen and that bytes are echoed. */
    public static void main(String[] arguments) throws Exception {
        System.out.println("UNAVAILABLE " + Objects.requireNonNullElse(new UringTransport().unavailable(), "no"));
        try (var loop = Loop.open(LoopOptions.defaults().reporter(report -> {}))) {
            System.out.println("CHOSEN " + loop.transport().name());
            loop.run(() -> {
                var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
                var server = loop.serve(address, Pipeline.bytes(), Future::of).await();
                var connection =
                        loop.connect(server.address(), Pipeline.bytes()).await();
                connection.write(io.netty.buffer.Unpooled.copyInt(42));
                var answer = connection.receive().await();
                System.out.println("ECHO " + answer.readInt());
                answer.release();
                connection.finish().await();
                server.close();
                return true;
            });
        } catch (IllegalStateException e) {
            System.out.println("FAILED " + e.getMessage());
        }
    }
}
