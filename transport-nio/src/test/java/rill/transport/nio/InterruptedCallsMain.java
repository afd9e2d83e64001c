package rill.transport.nio;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.testing.UnderTest;

/**
 * The program that {@link InterruptedCallsTest} disturbs: a loop that is client and server at once, on one thread, so that no wake-up is among the
 * calls. It makes twenty connections with ten calls each.
 */
final class InterruptedCallsMain {
    private static final int CONNECTIONS = 20;
    private static final int CALLS = 10;
    private static final AtomicInteger PAUSED = new AtomicInteger();

    private InterruptedCallsMain() {}

    public static void main(String[] arguments) throws Exception {
        Child.loadClasses(); // reads files, and not all calls will succeed later
        var options = LoopOptions.defaults()
                .transport(UnderTest.transport())
                .reporter(InterruptedCallsMain::reported)
                .slowHandle(Duration.ZERO);
        try (var loop = Loop.open(options)) {
            loop.run(() -> talk(loop, 2));
            System.out.println("READY");
            while (told().equals("go")) {
                PAUSED.set(0);
                String result = loop.run(() -> talk(loop, CONNECTIONS));
                System.out.println(result + " paused=" + PAUSED);
            }
        }
        System.exit(0);
    }

    /** The next command; reading it is disturbed as well. */
    private static String told() {
        var line = new StringBuilder();
        while (true) {
            try {
                int next = System.in.read();
                if (next < 0 || next == '\n') {
                    return line.toString();
                }
                line.append((char) next);
            } catch (IOException disturbed) {
                // The disturbance will be over when there is something to read.
            }
        }
    }

    private static void reported(Report report) {
        if (report instanceof Report.AcceptPaused) {
            PAUSED.incrementAndGet();
        } else if (!(report instanceof Report.Note)) {
            System.out.println("REPORT " + report.message());
        }
    }

    private static String talk(Loop loop, int connections) throws IOException {
        var server = loop.serve(OnNio.ANY_PORT, Lines.PIPELINE, Future::of).await();
        int answered = 0;
        int failed = 0;
        ClientProtocol<String, String> protocol = Lines.inOrder().deadline(Duration.ofSeconds(20));
        for (int i = 0; i < connections; i++) {
            var client = loop.connect(server.address(), protocol).await();
            try {
                for (int n = 0; n < CALLS; n++) {
                    String request = i + "/" + n;
                    if (!client.call(request).await().equals(request)) {
                        throw new AssertionError("a wrong answer to " + request);
                    }
                    answered++;
                }
            } catch (IOException e) {
                failed++;
                System.out.println("FAILED " + e);
            }
            client.close();
            client.closed().await();
        }
        server.close();
        return "DONE answered=" + answered + " failed=" + failed;
    }
}
