package rill.transport.nio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.testing.Nobody;

/** The program that {@link DescriptorLimitTest} runs with few descriptors. */
final class DescriptorLimitMain {
    private static final List<RandomAccessFile> HOGS = new ArrayList<>();
    private static final AtomicInteger REPORTS = new AtomicInteger();
    private static final CountDownLatch REPORTED = new CountDownLatch(1);

    private DescriptorLimitMain() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("report")) {
            report();
            System.exit(0);
        }
        var transport = new CountingTransport();
        var options = LoopOptions.defaults()
                .transport(transport)
                .reporter(DescriptorLimitMain::reported)
                .slowHandle(Duration.ZERO);
        Child.loadClasses(); // later there will be no descriptor for it
        try (var loop = Loop.open(options).start()) {
            warmUp(loop);
            accept(loop, transport);
            connect(loop);
            while (loop.submit(loop::connections).await() > 0) { // their descriptors would be missing below
                loop.delay(Duration.ofMillis(1)).await();
            }
            open(options);
        }
        System.exit(0);
    }

    private static void reported(Report report) {
        if (report instanceof Report.AcceptPaused) {
            REPORTS.incrementAndGet();
            System.out.println("REPORT " + report.message());
            REPORTED.countDown();
        } else if (!(report instanceof Report.Note)) {
            System.out.println("UNEXPECTED " + report.message());
        }
    }

    /** Reports to the default Reporter, which has written nothing before. */
    private static void report() throws Exception {
        Child.loadClasses();
        try (var loop =
                Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO)).start()) {
            hog();
            for (String which : List.of("first", "second")) {
                loop.execute(() -> {
                    throw new IllegalStateException("the " + which + " mistake");
                });
                loop.submit(() -> which).await();
            }
            System.out.println("GOES ON");
        }
        release();
    }

    private static void accept(Loop loop, CountingTransport transport) throws Exception {
        var server = loop.serve(OnNio.ANY_PORT, Lines.PIPELINE, Future::of).await();
        var clients = new ArrayList<SocketChannel>();
        for (int i = 0; i < 3; i++) {
            clients.add(SocketChannel.open());
        }
        hog();
        for (SocketChannel client : clients) {
            client.connect(server.address()); // the kernel completes it; only accept needs a descriptor
            client.write(ByteBuffer.wrap("hello\n".getBytes(StandardCharsets.US_ASCII)));
        }
        if (!REPORTED.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("nothing was reported");
        }
        int before = transport.selects.get();
        loop.delay(Duration.ofMillis(500)).await();
        System.out.println("SELECTS " + (transport.selects.get() - before));
        System.out.println("REPORTS " + REPORTS);
        release();
        for (SocketChannel client : clients) {
            var answer = ByteBuffer.allocate(6);
            while (answer.hasRemaining() && client.read(answer) >= 0) {}
            client.close();
        }
        System.out.println("SERVED " + clients.size());
        server.close();
    }

    private static void connect(Loop loop) throws Exception {
        var server = loop.serve(OnNio.ANY_PORT, Lines.PIPELINE, Future::of).await();
        hog();
        try {
            loop.connect(server.address(), Lines.PIPELINE).await();
        } catch (IOException e) {
            System.out.println("FAILED " + e);
        }
        loop.delay(Duration.ofMillis(10)).await();
        System.out.println("TIMER");
        release();
        var client = loop.connect(server.address(), Lines.inOrder()).await();
        System.out.println("CONNECTED " + client.call("hello").await());
        client.close();
        client.closed().await();
        server.close();
    }

    private static void open(LoopOptions options) throws IOException {
        hog();
        release(HOGS.removeLast()); // one is enough for half of a selector
        int before = descriptors();
        try (var tooMuch = Loop.open(options)) {
            System.out.println("OPENED " + tooMuch);
        } catch (IOException e) {
            System.out.println("FAILED " + e);
        }
        System.out.println("DESCRIPTORS " + (descriptors() <= before ? "same" : before + " -> " + descriptors()));
        release();
    }

    private static int descriptors() {
        return new java.io.File("/proc/self/fd").list().length;
    }

    private static void hog() throws IOException {
        while (true) {
            try {
                HOGS.add(new RandomAccessFile("/dev/null", "r"));
            } catch (IOException tooMany) {
                return;
            }
        }
    }

    private static void release() throws IOException {
        for (RandomAccessFile each : HOGS) {
            release(each);
        }
        HOGS.clear();
    }

    private static void release(RandomAccessFile hog) throws IOException {
        hog.close();
    }

    /** Uses everything once, so that what is allocated only once is allocated. */
    private static void warmUp(Loop loop) throws Exception {
        var server = loop.serve(OnNio.ANY_PORT, Lines.PIPELINE, Future::of).await();
        var client = loop.connect(server.address(), Lines.inOrder()).await();
        client.call("warm").await();
        client.close();
        client.closed().await();
        server.close();
        try (var nobody = new Nobody()) {
            loop.connect(nobody.address(), Lines.PIPELINE).await();
        } catch (IOException refused) {
            System.out.println("WARM " + refused);
        }
        descriptors();
    }
}
