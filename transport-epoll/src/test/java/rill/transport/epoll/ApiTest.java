package rill.transport.epoll;

import org.junit.jupiter.api.Test;
import rill.testing.PublicApi;

/** The module's public API changes only on purpose. */
class ApiTest {
    @Test
    void the_public_api_is_what_its_file_says() {
        PublicApi.of(EpollTransport.class, "rill.transport.epoll").check("rill.transport.epoll");
    }
}
