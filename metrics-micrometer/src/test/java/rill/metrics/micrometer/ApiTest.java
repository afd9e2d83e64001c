package rill.metrics.micrometer;

import org.junit.jupiter.api.Test;
import rill.testing.PublicApi;

/** The public API of this module changes only on purpose. */
class ApiTest {
    @Test
    void the_public_api_is_what_its_file_says() {
        PublicApi.of(RillMetrics.class, "rill.metrics.micrometer").check("rill.metrics.micrometer");
    }
}
