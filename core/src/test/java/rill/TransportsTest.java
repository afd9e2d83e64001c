package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.spi.Selector;
import rill.spi.Transport;

/** Finding transports where none is installed; the choice among several is tested where there are several. */
class TransportsTest {
    @AfterEach
    void forget() {
        System.clearProperty(Transports.PROPERTY);
    }

    @Test
    void without_any_transport_the_error_says_how_to_get_one() {
        assertThatThrownBy(Loop::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no transport is available")
                .hasMessageContaining("dev.rill:rill-transport-nio");
    }

    @Test
    void a_name_that_there_is_not_is_repeated_in_the_error() {
        System.setProperty(Transports.PROPERTY, "carrier-pigeon");
        assertThatThrownBy(Loop::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no transport carrier-pigeon");
        assertThat(System.getProperty(Transports.PROPERTY)).isEqualTo("carrier-pigeon");
    }

    /** Found by its name in a folder that only a test's class loader knows. */
    public static final class Found implements Transport {
        static final AtomicInteger MADE = new AtomicInteger();

        public Found() {
            MADE.incrementAndGet();
        }

        @Override
        public String name() {
            return "found";
        }

        @Override
        public int preference() {
            return 1;
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            throw new IOException("it opens nothing");
        }
    }

    @Test
    void a_process_has_one_instance_of_each_transport_however_often_it_is_looked_for(@TempDir Path folder)
            throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Transport.class.getName()), Found.class.getName());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        var chosen = new ArrayList<Transport>();
        for (int i = 0; i < 3; i++) { // each time by a loader that has found nothing yet
            try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, Found.class.getClassLoader())) {
                thread.setContextClassLoader(loader);
                chosen.add(Transports.best().transport());
            } finally {
                thread.setContextClassLoader(before);
            }
        }
        assertThat(chosen).allMatch(each -> each == chosen.getFirst());
        assertThat(Found.MADE).hasValue(1);
    }
}
