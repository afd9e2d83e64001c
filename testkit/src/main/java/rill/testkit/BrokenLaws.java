package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.DeadlineException;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Promise;

/** A connection breaks while data that its peer sent earlier is still unread, on a Loop that uses the transport. */
abstract class BrokenLaws extends CallerLaws {
    private static final int LITTLE =
            4; // lines of 10,000 bytes; every system takes them for a peer that does not read, but a simulation may not
    private static final int MUCH = 12; // more than is read ahead; with a large receive buffer
    private static final Duration MOMENT = Duration.ofMillis(30);
    private static final Duration LONG_MOMENT = Duration.ofSeconds(1); // in virtual time, which costs nothing

    /** A paused connection whose peer has sent between {@code lines} and {@code most} lines and is gone. */
    private record Case(Connection<String, String> broken, int lines, int most, List<Throwable> failures) {}

    private Case lines(boolean reset) throws IOException {
        Promise<Connection<String, String>> accepted = loop().promise();
        var hasty = ConnectionLimits.defaults()
                .closeProgress(Duration.ofNanos(1))
                .drainBytes(0); // its close is as good as immediate
        Listener listener = loop().listen(
                        listenAddress(), LINES, ListenOptions.defaults().limits(hasty), accepted::complete)
                .await();
        Connection<String, String> broken;
        int lines = MUCH;
        try {
            var options = ConnectOptions.defaults().option(StandardSocketOptions.SO_RCVBUF, 1024 * 1024);
            broken = loop().connect(listener.address(), LINES, options).await();
        } catch (IllegalArgumentException noSuchOption) {
            broken = loop().connect(listener.address(), LINES).await();
            lines = LITTLE;
        }
        var failures = new ArrayList<Throwable>();
        broken.pause();
        broken.onFailure(failure -> failures.add(failure.cause()));
        lines = has(Trait.NO_RESET) ? LITTLE : lines;
        Connection<String, String> peer = accepted.await();
        int sent = sent(peer, lines);
        loop().delay(has(Trait.ONE_THREAD) ? LONG_MOMENT : MOMENT).await(); // a reset may overtake bytes in flight
        if (reset) {
            peer.abort().await();
        } else {
            peer.finish().await();
        }
        listener.close();
        return new Case(broken, sent, Math.min(lines, sent + 1), failures);
    }

    /**
     * Sends the lines and returns how many were sent: all of them. In a simulation, whose buffers may be small, a peer that does not read receives
     * only as many as there is room for; the rest of the next line may leave when the sender closes.
     */
    private int sent(Connection<String, String> peer, int lines) throws IOException {
        for (int i = 0; i < lines; i++) {
            peer.write(line(i));
            if (has(Trait.ONE_THREAD)) {
                try {
                    peer.flush().timeout(LONG_MOMENT).await();
                } catch (DeadlineException full) {
                    return i;
                }
            }
        }
        peer.flush().await();
        return lines;
    }

    private void failAWrite(Connection<String, String> connection) throws IOException {
        IOException failure = null;
        while (failure == null) {
            var unheard = connection.write("into the void");
            try {
                connection.flush().await();
                loop().delay(MOMENT).await();
            } catch (IOException expected) {
                failure = expected;
            }
            assertTrue(unheard.isDone());
        }
        assertTrue(String.valueOf(failure.getMessage()).startsWith("write to"), failure.toString());
    }

    private static String line(int number) {
        return "line %09994d".formatted(number);
    }

    private static void assertWhole(Case sent, List<String> received) {
        for (int i = 0; i < Math.min(sent.most, received.size()); i++) {
            assertEquals(line(i), received.get(i));
        }
        assertTrue(
                sent.lines <= received.size() && received.size() <= sent.most,
                () -> received.size() + " lines were received of " + sent.lines);
    }

    private interface Breaking {
        void check(Case broken) throws IOException;
    }

    private void whetherResetOrClosed(Breaking breaking) throws IOException {
        for (boolean reset : has(Trait.NO_RESET) ? new boolean[] {false} : new boolean[] {false, true}) {
            within(() -> {
                Case each = lines(reset);
                breaking.check(each);
                each.broken.closed().await();
                assertThrows(IOException.class, () -> each.broken.write("late").await());
                return true;
            });
        }
    }

    @Test
    void what_came_before_our_write_failed_is_pushed() throws IOException {
        whetherResetOrClosed(each -> {
            var received = new ArrayList<String>();
            each.broken.onMessage(received::add);
            failAWrite(each.broken);
            each.broken.resume();
            each.broken.closed().await();
            assertWhole(each, received);
            assertEquals(1, each.failures.size(), each.failures.toString());
            assertInstanceOf(IOException.class, each.failures.getFirst());
        });
    }

    @Test
    void what_came_before_our_write_failed_is_pushed_to_one_that_pauses_now_and_then() throws IOException {
        whetherResetOrClosed(each -> {
            var received = new ArrayList<String>();
            Loop loop = loop();
            each.broken.onMessage(line -> {
                received.add(line);
                if (received.size() % 3 == 0) {
                    each.broken.pause();
                    loop.schedule(Duration.ofMillis(1), each.broken::resume);
                }
            });
            failAWrite(each.broken);
            each.broken.resume();
            each.broken.closed().await();
            assertWhole(each, received);
        });
    }

    @Test
    void what_came_before_our_write_failed_is_pulled() throws IOException {
        whetherResetOrClosed(each -> {
            failAWrite(each.broken);
            each.broken.resume();
            assertWhole(each, pullAll(each.broken, 0));
        });
    }

    @Test
    void what_came_before_our_write_failed_is_pulled_slowly() throws IOException {
        whetherResetOrClosed(each -> {
            failAWrite(each.broken);
            loop().delay(MOMENT).await();
            each.broken.resume();
            loop().delay(MOMENT).await();
            assertWhole(each, pullAll(each.broken, 1));
        });
    }

    /** Receives lines until the failure; pauses for a moment after every {@code restAfter} lines, unless that is 0. */
    private List<String> pullAll(Connection<String, String> connection, int restAfter) throws IOException {
        var received = new ArrayList<String>();
        try {
            while (true) {
                String line = connection.receive().await();
                assertTrue(line != null, "the end of the stream, although it broke");
                received.add(line);
                if (restAfter > 0 && received.size() % restAfter == 0) {
                    loop().delay(Duration.ofMillis(2)).await();
                }
            }
        } catch (IOException broken) {
            assertTrue(String.valueOf(broken.getMessage()).startsWith("write to"), broken.toString());
        }
        return received;
    }
}
