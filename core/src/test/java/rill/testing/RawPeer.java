package rill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A peer that follows a script over plain blocking sockets, each connection on its own thread: the other side for tests of real transports.
 *
 * <p>{@link #finish} waits for the scripts and throws what they threw; {@link #close} cuts off the ones still running.
 */
public final class RawPeer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final ServerSocket server;
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final List<Talk> talks = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger unfinished = new AtomicInteger();
    private Thread acceptor; // null if this peer connects
    private volatile boolean closing;

    /** The script of one connection. The socket is closed afterwards, in good order. */
    @FunctionalInterface
    public interface Script {
        /** Talks; an exception it throws fails the test at {@link RawPeer#finish}. */
        void run(Talk talk) throws Exception;
    }

    private RawPeer(ServerSocket server) {
        this.server = server;
    }

    /** Listens on the loopback. The first connection follows the first script, and so on; the last script serves all further connections. */
    public static RawPeer listening(Script... scripts) {
        return listeningAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), scripts);
    }

    /** {@link #listening} at this address. */
    public static RawPeer listeningAt(InetSocketAddress address, Script... scripts) {
        try {
            var server = new ServerSocket();
            server.setReceiveBufferSize(16 * 1024); // small, so that a peer that reads nothing is felt soon
            server.bind(address);
            var peer = new RawPeer(server);
            peer.acceptor = peer.start("accept", () -> peer.acceptAll(scripts));
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects at once; the script runs in a thread. */
    public static RawPeer connecting(java.net.SocketAddress address, Script script) {
        try {
            var peer = new RawPeer(new ServerSocket());
            peer.server.close();
            var socket = new Socket();
            socket.setReceiveBufferSize(16 * 1024);
            socket.connect(address);
            peer.talk(socket, script);
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Whether a connection to this address is refused now. A reset says nothing yet: the system resets connections that arrive while a listener
     * closes.
     */
    public static boolean isRefused(java.net.SocketAddress address) {
        try (var socket = new Socket()) {
            socket.connect(address);
            return false;
        } catch (ConnectException refused) {
            return true;
        } catch (SocketException reset) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void acceptAll(Script[] scripts) {
        for (int i = 0; ; i++) {
            try {
                talk(server.accept(), scripts[Math.min(i, scripts.length - 1)]);
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void talk(Socket socket, Script script) {
        var talk = new Talk(socket);
        unfinished.incrementAndGet();
        talks.add(talk);
        start("talk", () -> {
            try (socket) {
                script.run(talk);
            } catch (Throwable t) {
                if (!closing) {
                    failures.add(t);
                }
            } finally {
                synchronized (unfinished) {
                    unfinished.decrementAndGet();
                    unfinished.notifyAll();
                }
            }
        });
        if (closing) {
            talk.cutOff();
        }
    }

    private Thread start(String what, Runnable body) {
        Thread thread = Thread.ofPlatform()
                .name("raw-peer-" + what + "-" + COUNT.incrementAndGet())
                .daemon()
                .unstarted(body);
        threads.add(thread);
        thread.start();
        return thread;
    }

    /** Returns the address at which it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** Returns how many connections there have been. */
    public int connections() {
        return talks.size();
    }

    /** Waits until a script has begun, and all that have begun have ended; throws what they threw. */
    public void finish() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (unfinished) {
            while (talks.isEmpty() || unfinished.get() > 0) { // none yet: the connection still waits to be accepted
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new AssertionError(unfinished + " scripts have not ended within " + PATIENCE);
                }
                try {
                    unfinished.wait(left);
                } catch (InterruptedException e) {
                    throw new AssertionError("interrupted", e);
                }
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("a script failed: " + failures.getFirst(), failures.getFirst());
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (acceptor != null) {
            join(List.of(acceptor)); // it may be starting a last script; none begins after that
        }
        talks.forEach(Talk::cutOff);
        threads.forEach(Thread::interrupt);
        join(threads);
    }

    private static void join(List<Thread> ending) {
        for (Thread thread : ending) {
            try {
                thread.join(PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
