package rill.codec;

import org.junit.jupiter.api.Test;
import rill.codec.resp.Resp;
import rill.testing.PublicApi;

/** The public API of this module changes only on purpose. */
class ApiTest {
    @Test
    void the_public_api_is_what_its_file_says() {
        PublicApi.of(Resp.class, "rill.codec", "rill.codec.proxy", "rill.codec.resp", "rill.codec.tls")
                .check("rill.codec");
    }
}
