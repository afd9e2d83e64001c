package rill.transport.nio;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.testing.UnderTest;

/** A server on a Unix domain socket, or one of its clients, as {@link StrangePeersTest} starts them in different locales. */
final class StrangePeersMain {
    private StrangePeersMain() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "serve" -> serve(folder);
            case "strange" -> visit(folder, folder.resolve("\u00fc\u20ac"));
            default -> visit(folder, folder.resolve("plain"));
        }
    }

    private static void serve(Path folder) throws Exception {
        var options = LoopOptions.defaults()
                .transport(UnderTest.transport())
                .reporter(report -> System.out.println("REPORT " + report.message()));
        try (Loop loop = Loop.open(options)) {
            loop.start();
            loop.serve(
                            UnixDomainSocketAddress.of(folder.resolve("server")),
                            Lines.PIPELINE,
                            line -> Future.of("got " + line))
                    .await();
            System.out.println("READY");
            var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (!commands.readLine().equals("end")) {
                System.out.println("CONNECTIONS " + loop.connections() + " DESCRIPTORS " + sockets());
            }
        }
    }

    private static long sockets() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    private static void visit(Path folder, Path own) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.bind(UnixDomainSocketAddress.of(own));
            channel.connect(UnixDomainSocketAddress.of(folder.resolve("server")));
            channel.write(ByteBuffer.wrap("hello\n".getBytes(StandardCharsets.UTF_8)));
            var answer = ByteBuffer.allocate(100);
            if (own.endsWith("plain")) {
                int n = channel.read(answer);
                System.out.println("ANSWERED " + new String(answer.array(), 0, n, StandardCharsets.UTF_8).strip());
            }
        }
    }
}
