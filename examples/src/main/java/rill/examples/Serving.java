package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.time.Duration;
import rill.Future;
import rill.Listener;
import rill.Loop;

/** Keeps an example's server up until the process receives SIGINT or SIGTERM, and then stops it in order. */
final class Serving {
    /** An example's server. */
    @FunctionalInterface
    interface Server {
        Future<Listener> serve(Loop loop, SocketAddress address);
    }

    /** Starts a server on a loop, and returns where it can be reached. */
    @FunctionalInterface
    interface Start {
        Future<String> on(Loop loop) throws IOException;
    }

    /** How long a stop may take: enough for pending answers, but not for peers that don't hang up. */
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(1);

    private Serving() {}

    static void untilStopped(Server server, int port, PrintWriter out) throws IOException {
        untilStopped(loop -> server.serve(loop, Loopback.port(port)).map(each -> inWords(each.address())), out);
    }

    /** Returns an address as a user would type it. */
    static String inWords(SocketAddress address) {
        return address.toString().substring(1);
    }

    /** Does the same for any server. */
    static void untilStopped(Start server, PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            loop.closeOnShutdown(STOP_DEADLINE); // accepts no more, finishes what is in flight
            String address = server.on(loop).await();
            Runtime.getRuntime().addShutdownHook(new Thread(untilEndOf(Thread.currentThread()), "last word"));
            out.println("listening at " + address + "; Ctrl-C stops it");
            loop.join();
            out.println("stopped");
            Runtime.getRuntime().halt(0); // an orderly stop is a success, not "killed by a signal"
        }
    }

    /** The JVM exits after its last hook, even if other threads still have something to print. */
    private static Runnable untilEndOf(Thread thread) {
        return () -> {
            try {
                thread.join(STOP_DEADLINE.multipliedBy(2));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }
}
