package rill.testing;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One connection of a {@link RawPeer}, for its script. Everything blocks. */
public final class Talk {
    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;

    Talk(Socket socket) {
        this.socket = socket;
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
        } catch (SocketException goneAlready) {
            // The script will find out.
        }
    }

    /** Returns the socket, for anything that is missing here. */
    public Socket socket() {
        return socket;
    }

    /** Sends text at once. */
    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends bytes at once. */
    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** Sends text one byte at a time, each in a packet of its own. */
    public void dribble(String text) throws IOException {
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            socket.getOutputStream().write(each);
        }
    }

    /** Returns the next line without its end, or null at the end of stream. */
    public String readLine() throws IOException {
        var line = new StringBuilder();
        InputStream in = socket.getInputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                if (!line.isEmpty()) {
                    throw new AssertionError("the stream ended within a line: " + line);
                }
                return null;
            }
            line.append((char) c);
        }
        return line.toString();
    }

    /** Reads a line, which must be the expected one. */
    public void expectLine(String expected) throws IOException {
        String line = readLine();
        if (!expected.equals(line)) {
            throw new AssertionError("expected the line " + expected + ", not " + line);
        }
    }

    /** Returns everything up to the end of stream. */
    public byte[] readAll() throws IOException {
        return socket.getInputStream().readAllBytes();
    }

    /** Returns exactly this many bytes. */
    public byte[] readExactly(int n) throws IOException {
        byte[] bytes = socket.getInputStream().readNBytes(n);
        if (bytes.length < n) {
            throw new AssertionError("the stream ended after " + bytes.length + " bytes, not " + n);
        }
        return bytes;
    }

    /** Requires that the peer ends its stream now, without a reset. */
    public void expectEnd() throws IOException {
        int c = socket.getInputStream().read();
        if (c >= 0) {
            throw new AssertionError("expected the end of the stream, not the byte " + c);
        }
    }

    /** Requires a reset, whatever arrives before it. */
    public void expectReset() throws IOException {
        try {
            readAll();
        } catch (SocketException reset) {
            if (String.valueOf(reset.getMessage()).contains("reset")) {
                return;
            }
            throw reset;
        }
        throw new AssertionError("expected a reset, not an orderly end");
    }

    /** Half-closes: ends our stream; the other direction continues. */
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends the connection with a reset. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Reads nothing until the latch opens. */
    public void waitFor(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
            throw new AssertionError("nobody opened the latch");
        }
    }

    void cutOff() {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }
}
