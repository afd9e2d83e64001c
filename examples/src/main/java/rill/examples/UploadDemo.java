package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import rill.Future;
import rill.Loop;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/**
 * Accepts files by {@code PUT}, and writes them to a folder as they arrive: a client is read no faster than the disk writes, and a file appears once
 * it is complete. Not by {@code POST}: a browser lets any page post anywhere, but asks before it puts. Progress is printed meanwhile, on the loop,
 * which therefore stands still while the terminal does.
 */
final class UploadDemo {
    private static final long STEP = 16 * 1024 * 1024;
    private static final long MOST = 1024 * 1024 * 1024;

    private final Path folder;
    private final PrintWriter out;
    private final AtomicInteger count = new AtomicInteger();

    private UploadDemo(Path folder, PrintWriter out) {
        this.folder = folder;
        this.out = out;
    }

    static Future<HttpServer> serve(Loop loop, SocketAddress address, PrintWriter out) throws IOException {
        var upload = new UploadDemo(Files.createTempDirectory("rill-upload-"), out);
        out.println("files go to " + upload.folder);
        return HttpServer.serveWithTask(loop, address, upload::take);
    }

    private HttpResponse take(HttpRequest request) throws IOException {
        if (!request.method().equals("PUT")) {
            return HttpResponse.text("PUT a file\n").status(405).with("Allow", "PUT");
        }
        Path file = folder.resolve("upload-" + count.incrementAndGet()); // a LoopGroup has several threads
        long size = request.body().saveTo(file, MOST, new Told(file)).await();
        out.println(file.getFileName() + ": " + size + " bytes");
        return HttpResponse.text(size + " bytes\n").status(201);
    }

    /** Reports how much was written, now and then. */
    private final class Told implements LongConsumer {
        private final Path file;
        private long next = STEP;

        Told(Path file) {
            this.file = file;
        }

        @Override
        public void accept(long soFar) {
            if (soFar >= next) {
                next = soFar + STEP;
                out.println(file.getFileName() + ": " + soFar + " bytes so far");
            }
        }
    }
}
