package rill.http;

import org.junit.jupiter.api.Test;
import rill.http.wire.HttpFields;
import rill.testing.PublicApi;

/** The public API of this module changes only on purpose. */
class ApiTest {
    @Test
    void the_public_api_is_what_its_file_says() {
        PublicApi.of(HttpFields.class, "rill.http", "rill.http.websocket", "rill.http.wire")
                .check("rill.http");
    }
}
