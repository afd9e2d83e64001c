package rill.transport.epoll;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.testing.TextLines;

/** Prints how much off-heap memory stays behind. {@link ArenasTest} runs it in a separate JVM that tracks this memory. */
final class ArenasMain {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    private static final int FEW = 200; // by then everything that is made only once exists
    private static final int MANY = 2000;
    private static final int LOOKS = 100;
    private static final String[] SIGNATURE = {"[Ljava.lang.String;"};

    /** The kind of memory that arenas and direct buffers use: the size in KiB and the number of blocks. */
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=(\\d+)KB.*?#(\\d+)", Pattern.DOTALL);

    private ArenasMain() {}

    private record Memory(long bytes, long blocks) {
        static Memory now() throws Exception {
            var account = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmNativeMemory",
                            new Object[] {new String[] {"summary"}},
                            SIGNATURE);
            Matcher other = OTHER.matcher(account);
            if (!other.find()) {
                throw new AssertionError("the JVM keeps no account: " + account);
            }
            return new Memory(Long.parseLong(other.group(1)) * 1024, Long.parseLong(other.group(2)));
        }
    }

    private interface Round {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        tell("loops", () -> {
            try (Loop loop = open()) {
                talk(loop);
            }
        });
        try (Loop loop = open()) {
            tell("wires and listeners", () -> talk(loop));
        }
    }

    private static Loop open() throws IOException {
        return Loop.open(LoopOptions.defaults().transport(new EpollTransport()).slowHandle(Duration.ZERO));
    }

    /** A listener and both ends of a connection, opened, used for one call, and closed. */
    private static void talk(Loop loop) throws IOException {
        Listener server =
                loop.serve(ANY, TextLines.pipeline(), Future::<String>of).await();
        Client<String, String> client = loop.connect(server.address(), ClientProtocol.inOrder(TextLines.pipeline()))
                .await();
        if (!client.call("hello").await().equals("hello")) {
            throw new AssertionError("that was no answer");
        }
        client.close();
        client.closed().await();
        server.close();
        while (loop.connections() > 0) {
            loop.delay(Duration.ofNanos(1)).await();
        }
    }

    private static void tell(String what, Round round) throws Exception {
        for (int i = 0; i < FEW; i++) {
            round.run();
        }
        Memory before = Memory.now();
        for (int i = 0; i < MANY; i++) {
            round.run();
        }
        Memory after = Memory.now();
        for (int i = 0; i < LOOKS && after.blocks - before.blocks >= FEW; i++) { // perhaps merely not collected yet
            System.gc();
            LockSupport.parkNanos(10_000_000);
            after = Memory.now();
        }
        System.out.println(what + ": " + MANY + " came and went, and " + Math.max(0, after.blocks - before.blocks)
                + " blocks and " + Math.max(0, after.bytes - before.bytes) + " bytes have stayed");
    }
}
