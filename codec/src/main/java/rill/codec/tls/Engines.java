package rill.codec.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** Makes the engine of one connection, whichever provider it is of. */
interface Engines {
    /** Whether an engine can be made on the loop, without reading files or asking the user. */
    boolean isQuick();

    /** Whether it takes the name that the client asks for. */
    boolean needName();

    /**
     * An engine, not begun.
     *
     * @param name that the client asks for, or null
     * @return null if there is nobody of that name here
     */
    @Nullable
    SSLEngine make(@Nullable String name) throws IOException, GeneralSecurityException;
}
