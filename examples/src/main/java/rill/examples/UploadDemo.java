package rill.examples;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/**
 * Takes files with {@code PUT} and {@code POST}, and writes them to a folder as they come: a client is read no faster than the disk writes. What it has
 * written is told as it goes.
 */
final class UploadDemo {
    private static final long STEP = 16 * 1024 * 1024;

    private final Path folder;
    private final PrintWriter out;
    private int count;

    private UploadDemo(Path folder, PrintWriter out) {
        this.folder = folder;
        this.out = out;
    }

    static Future<HttpServer> serve(Loop loop, SocketAddress address, PrintWriter out) throws IOException {
        var upload = new UploadDemo(Files.createTempDirectory("rill-upload-"), out);
        out.println("files go to " + upload.folder);
        return HttpServer.tasks(loop, address, upload::take);
    }

    private HttpResponse take(HttpRequest request) throws IOException {
        if (!request.method().equals("PUT") && !request.method().equals("POST")) {
            return HttpResponse.text("PUT or POST a file\n").status(405).with("Allow", "PUT, POST");
        }
        Path file = folder.resolve("upload-" + ++count);
        long size = write(request.body(), file);
        out.println(file.getFileName() + ": " + size + " bytes");
        return HttpResponse.text(size + " bytes\n").status(201);
    }

    private long write(HttpBody body, Path file) throws IOException {
        long size = 0;
        FileChannel channel = elsewhere(
                        () -> FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))
                .await();
        try {
            ByteBuf piece;
            while ((piece = body.next().await()) != null) {
                long before = size;
                size += written(channel, piece);
                if (size / STEP > before / STEP) {
                    out.println(file.getFileName() + ": " + size + " bytes so far");
                }
            }
            return size;
        } finally {
            channel.close();
        }
    }

    private static int written(FileChannel channel, ByteBuf piece) throws IOException {
        try {
            int size = piece.readableBytes();
            return elsewhere(() -> {
                        while (piece.isReadable()) {
                            piece.readBytes(channel, piece.readableBytes());
                        }
                        return size;
                    })
                    .await();
        } finally {
            piece.release();
        }
    }

    /** Disks make threads wait, and the loop has none to spare. */
    private static <T> Future<T> elsewhere(Callable<T> work) {
        Loop loop = java.util.Objects.requireNonNull(Loop.current());
        Promise<T> done = loop.promise();
        loop.transport().environment().blocking().execute(() -> {
            try {
                done.complete(work.call());
            } catch (Throwable t) {
                done.fail(t);
            }
        });
        return done;
    }
}
