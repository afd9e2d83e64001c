package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Collections;
import org.junit.jupiter.api.Test;

final class ClassPathTest {
    /** Of several, SLF4J would take one by chance, and complain. */
    @Test
    void there_is_one_provider_of_slf4j() throws IOException {
        assertThat(Collections.list(getClass()
                        .getClassLoader()
                        .getResources("META-INF/services/org.slf4j.spi.SLF4JServiceProvider")))
                .hasSize(1);
    }
}
