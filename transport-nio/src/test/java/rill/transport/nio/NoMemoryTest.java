package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.spi.readiness.ReadinessSelector;
import rill.testing.RawPeer;
import rill.testing.ScarceMemory;
import rill.testing.UnderTest;

/** No memory is left: what needs some fails, and the loop continues. */
class NoMemoryTest extends OnNio {
    /** The transport under test, with memory that a test may refuse, and a receive buffer that may fail in another way. */
    private static final class Scarce implements Transport {
        private final Transport inner = UnderTest.transport();
        private final ScarceMemory memory;
        private Error receiveFails;

        Scarce(ScarceMemory memory) {
            this.memory = memory;
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public int preference() {
            return -1;
        }

        @Override
        public Environment environment() {
            var usual = inner.environment();
            return new Environment(
                    usual.clock(), usual.random(), usual.resolver(), usual.blocking(), memory, usual.driver());
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            return inner.open(() -> {
                Error fails = receiveFails;
                receiveFails = null;
                if (fails != null) {
                    throw fails;
                }
                return receiveBuffer.get();
            });
        }
    }

    @Test
    void without_memory_for_the_receive_buffer_the_connection_that_is_read_fails_and_the_next_one_is_served()
            throws Exception {
        var memory = new ScarceMemory();
        loop = another(new Scarce(memory));
        var served = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.send("hello\n");
            talk.waitFor(served);
        })) {
            task(() -> {
                var failures = new ArrayList<Throwable>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                memory.refuse(1);
                connection.onMessage(line -> {}).onFailure(failure -> failures.add(failure.cause()));
                connection.closed().await();
                assertThat(failures)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                IOException.class,
                                failure -> assertThat(failure)
                                        .hasMessageContaining("no memory")
                                        .hasMessageContaining(peer.address().toString()));
                served.countDown();
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    void an_error_where_a_wire_reads_closes_that_wire_alone() throws Exception {
        var transport = new Scarce(new ScarceMemory());
        loop = another(transport);
        var served = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.send("hello\n");
            talk.waitFor(served);
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var error = new OutOfMemoryError("on purpose");
                transport.receiveFails = error;
                assertThat(failureOf(connection.receive()))
                        .isInstanceOf(IOException.class)
                        .hasRootCause(error);
                connection.closed().await();
                served.countDown();
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    @Tag("slow")
    void a_write_without_memory_for_the_queue_releases_its_buffer_once_and_the_others_when_the_wire_closes()
            throws Exception {
        try (var child = Child.java("", FullQueueMain.class)) {
            child.finish();
            assertThat(child.output())
                    .containsSequence(
                            "references beyond those of the queue: 1",
                            "references once it is closed: 1",
                            "closed, because of null");
        }
    }

    /** Otherwise want of memory for one would lose all the others that wait. */
    @Test
    void to_wait_for_the_next_select_takes_no_memory() throws IOException {
        var first = new ScriptedWire(NoMemoryTest::nothing, new Events());
        var events = new ArrayList<Events>();
        var wires = new ArrayList<ScriptedWire>();
        for (int i = 0; i < 200; i++) {
            events.add(new Events());
            wires.add(new ScriptedWire(NoMemoryTest::nothing, events.getLast()) {
                @Override
                protected ReadinessSelector<?> selector() {
                    return first.selector();
                }
            });
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        first.close(); // loads what that needs
        long before = threads.getCurrentThreadAllocatedBytes();
        for (ScriptedWire each : wires) {
            each.close();
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(200); // an iterator
        first.select();
        assertThat(events).allMatch(each -> each.closed);
    }

    private static ByteBuf nothing() {
        throw new AssertionError("nothing is received");
    }
}
