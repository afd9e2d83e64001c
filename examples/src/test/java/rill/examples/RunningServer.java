package rill.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.testing.RecordingReporter;

/** One of the examples' servers on a started loop. Close fails if anything was reported. */
final class RunningServer implements AutoCloseable {
    private final RecordingReporter reporter = new RecordingReporter();
    private final Loop loop;
    private final SocketAddress address;

    RunningServer(Serving.Server server) {
        try {
            loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
            address = server.serve(loop, Loopback.ANY_PORT).await().address();
            loop.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SocketAddress address() {
        return address;
    }

    Loop loop() {
        return loop;
    }

    Caller caller() {
        return new Caller(address);
    }

    /** Takes the report of a failed connection, which the test has caused. */
    Throwable failure() {
        return reporter.await(Report.ConnectionFailed.class).cause();
    }

    /** Permits connections to fail: other projects' clients may end with a reset. */
    void allowFailedConnections() {
        loop.close();
        reporter.take(Report.ConnectionFailed.class);
    }

    @Override
    public void close() {
        loop.close();
        reporter.assertNone();
    }
}
