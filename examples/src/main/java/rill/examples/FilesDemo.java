package rill.examples;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import rill.Future;
import rill.Loop;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** A server of the files below a folder. It reads them off the loop, a piece at a time, and supports requests for parts of a file. */
final class FilesDemo {
    private FilesDemo() {}

    static Future<HttpServer> serve(Loop loop, SocketAddress address, Path folder) {
        return HttpServer.serve(loop, address, request -> switch (request.method()) {
            case "GET", "HEAD" ->
                Future.of(HttpResponse.fileBelow(folder, request.path().equals("/") ? "/index.html" : request.path()));
            default -> Future.of(HttpResponse.of(405).with("Allow", "GET, HEAD"));
        });
    }

    /** Returns the folder, which must exist. */
    static Path folder(Path wanted) throws IOException {
        return wanted.toRealPath();
    }
}
