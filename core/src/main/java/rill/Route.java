package rill;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How a connection that was dialed gets to where it is to go.
 *
 * @param target as it was asked for
 * @param tunnel the layer at the very bottom that has a proxy connect on to it, whatever pipelines come and go above; null if there is no proxy
 */
record Route(SocketAddress target, @Nullable ByteLayer tunnel) {
    <R, W> Pipeline<R, W> beneath(Pipeline<R, W> above) {
        return tunnel == null ? above : above.over(tunnel);
    }
}
