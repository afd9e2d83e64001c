package rill.codec.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** Makes the engine of one connection, from any provider. */
interface Engines {
    /** Whether an engine can be made on the loop, without reading files or asking the user. */
    boolean isQuick();

    /** Whether the name that the client asks for is needed. */
    boolean needName();

    /**
     * Makes an engine whose handshake has not begun.
     *
     * @param name the name that the client asks for, or null
     * @return null if there is no identity for that name
     */
    @Nullable
    SSLEngine make(@Nullable String name) throws IOException, GeneralSecurityException;
}
