package rill.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A server behind proxies that accepts whatever they send, and answers with what it has read, in brackets: {@code [POST / hello]}. It is as simple
 * and lenient as possible, and shares no code with the rest.
 */
final class RecordingOrigin implements AutoCloseable {
    private final ServerSocket listening;
    final Queue<String> read = new ConcurrentLinkedQueue<>();

    RecordingOrigin() throws IOException {
        listening = new ServerSocket(0, 200, InetAddress.ofLiteral("127.0.0.1"));
        Thread.ofVirtual().start(() -> {
            while (!listening.isClosed()) {
                try {
                    Socket socket = listening.accept();
                    Thread.ofVirtual().start(() -> serve(socket));
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    int port() {
        return listening.getLocalPort();
    }

    private void serve(Socket socket) {
        try (socket;
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream()) {
            for (String line = line(in); line != null; line = line(in)) {
                String[] words = line.split(" ", 3);
                String length = null;
                boolean chunked = false;
                for (String field = line(in); field != null && !field.isEmpty(); field = line(in)) {
                    String lower = field.toLowerCase(java.util.Locale.ROOT);
                    length = lower.startsWith("content-length:")
                            ? lower.substring(15).strip()
                            : length;
                    chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
                }
                String body = chunked ? chunks(in) : length == null ? "" : text(in, Integer.parseInt(length));
                String said = "[" + words[0] + " " + words[1] + (body.isEmpty() ? "" : " " + body) + "]";
                read.add(said);
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + said.length() + "\r\n\r\n" + said)
                        .getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException gone) {
            // the proxy has closed the connection
        }
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return line.toString().replaceAll("\r$", "");
            }
            line.append((char) c);
        }
        return null;
    }

    private static String text(InputStream in, int size) throws IOException {
        return new String(in.readNBytes(size), StandardCharsets.ISO_8859_1);
    }

    private static String chunks(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (true) {
            int size = Integer.parseInt(line(in).replaceAll("[ ;].*", ""), 16);
            text.append(text(in, size));
            for (String line = line(in);
                    line != null && !line.isEmpty();
                    line = line(in)) {} // trailers, or the line end after the chunk
            if (size == 0) {
                return text.toString();
            }
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
