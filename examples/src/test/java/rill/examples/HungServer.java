package rill.examples;

import java.io.IOException;
import java.time.Duration;
import rill.CancelledException;
import rill.Loop;

/** A program with a Task that does not end, whatever it is told. */
final class HungServer {
    private HungServer() {}

    public static void main(String[] arguments) throws IOException {
        Loop loop = Loop.open();
        switch (arguments[0]) {
            case "by itself" -> loop.closeOnShutdown(Duration.ofMillis(100));
            case "by a hook" ->
                Runtime.getRuntime().addShutdownHook(new Thread(() -> loop.close(Duration.ofMillis(100))));
            default -> {}
        }
        loop.start().task("the endless one", () -> {
            while (true) {
                try {
                    loop.promise().await();
                } catch (CancelledException e) {
                    loop.delay(Duration.ZERO).await();
                }
            }
        });
        if (arguments[0].equals("exit on the loop")) {
            loop.closeOnShutdown(Duration.ofMillis(100));
            loop.execute(() -> System.exit(3));
        } else {
            System.out.println("ready");
        }
    }
}
