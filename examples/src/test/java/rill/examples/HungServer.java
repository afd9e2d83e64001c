package rill.examples;

import java.io.IOException;
import java.time.Duration;
import rill.CancelledException;
import rill.Loop;
import rill.LoopGroup;

/** A program with a Task that never ends, even when it is cancelled. */
final class HungServer {
    private HungServer() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("while its group closes")) {
            closesAlready();
            return;
        }
        Loop loop = Loop.open();
        switch (arguments[0]) {
            case "by itself" -> loop.closeOnShutdown(Duration.ofMillis(100));
            case "by a hook" ->
                Runtime.getRuntime().addShutdownHook(new Thread(() -> loop.close(Duration.ofMillis(100))));
            default -> {}
        }
        endless(loop.start());
        if (arguments[0].equals("exit on the loop")) {
            loop.closeOnShutdown(Duration.ofMillis(100));
            loop.execute(() -> System.exit(3));
        } else {
            System.out.println("ready");
        }
    }

    private static void endless(Loop loop) {
        loop.task("the endless one", () -> {
            while (true) {
                try {
                    loop.promise().await();
                } catch (CancelledException e) {
                    loop.delay(Duration.ZERO).await();
                }
            }
        });
    }

    private static void closesAlready() throws IOException {
        LoopGroup group = LoopGroup.open(1);
        group.closeOnShutdown(Duration.ofSeconds(10));
        endless(group.loops().getFirst());
        Thread closer = new Thread(() -> group.close(Duration.ofSeconds(2)));
        closer.setDaemon(true);
        closer.start();
        while (isOpen(group)) {
            Thread.onSpinWait();
        }
        System.out.println("ready");
    }

    private static boolean isOpen(LoopGroup group) {
        try {
            group.next();
            return true;
        } catch (IllegalStateException closing) {
            return false;
        }
    }
}
