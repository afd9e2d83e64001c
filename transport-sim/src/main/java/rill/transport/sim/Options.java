package rill.transport.sim;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;

/** The options of one kind of connection: those that have an effect, and those that are set everywhere and need none. */
final class Options<E extends End> {
    private static final int LEAST_BUFFER = 2 * Outgoing.MSS;

    static final Options<Tcp> OF_TCP = new Options<Tcp>()
            .with(StandardSocketOptions.TCP_NODELAY, tcp -> !tcp.out.coalesce, (tcp, on) -> {
                tcp.out.coalesce = !on;
                tcp.push();
            })
            .with(StandardSocketOptions.SO_KEEPALIVE, tcp -> tcp.keepAlive.on, (tcp, on) -> {
                tcp.keepAlive.on = on;
                tcp.keepAlive.changed();
            })
            .with(ExtendedSocketOptions.TCP_KEEPIDLE, tcp -> tcp.keepAlive.idleSeconds, (tcp, seconds) -> {
                tcp.keepAlive.idleSeconds = seconds;
                tcp.keepAlive.changed();
            })
            .with(
                    ExtendedSocketOptions.TCP_KEEPINTERVAL,
                    tcp -> tcp.keepAlive.intervalSeconds,
                    (tcp, seconds) -> tcp.keepAlive.intervalSeconds = seconds)
            .with(
                    ExtendedSocketOptions.TCP_KEEPCOUNT,
                    tcp -> tcp.keepAlive.most,
                    (tcp, most) -> tcp.keepAlive.most = most)
            .with(
                    StandardSocketOptions.SO_SNDBUF,
                    tcp -> tcp.out.capacity,
                    (tcp, bytes) -> tcp.out.capacity = Math.max(LEAST_BUFFER, bytes))
            .with(
                    StandardSocketOptions.SO_RCVBUF,
                    tcp -> tcp.in.capacity,
                    (tcp, bytes) -> tcp.in.capacity = Math.max(LEAST_BUFFER, bytes))
            .with(StandardSocketOptions.SO_LINGER, tcp -> tcp.linger, (tcp, seconds) -> tcp.linger = seconds)
            .with(StandardSocketOptions.SO_REUSEADDR, tcp -> tcp.reuseAddress, (tcp, on) -> tcp.reuseAddress = on);

    static final Options<UnixEnd> OF_UNIX = new Options<UnixEnd>()
            .with(
                    StandardSocketOptions.SO_SNDBUF,
                    end -> end.capacity,
                    (end, bytes) -> end.capacity = Math.max(LEAST_BUFFER, bytes))
            .with(
                    StandardSocketOptions.SO_RCVBUF,
                    end -> end.receiveCapacity,
                    (end, bytes) -> end.receiveCapacity = bytes)
            .with(StandardSocketOptions.SO_LINGER, end -> end.linger, (end, seconds) -> end.linger = seconds);

    private record Option<E, T>(Function<E, T> get, BiConsumer<E, T> set) {}

    private final Map<SocketOption<?>, Option<E, ?>> known = new LinkedHashMap<>();

    private Options() {}

    private <T> Options<E> with(SocketOption<T> option, Function<E, T> get, BiConsumer<E, T> set) {
        known.put(option, new Option<>(get, set));
        return this;
    }

    <T> T get(E end, SocketOption<T> option) {
        return this.<T>find(option).get.apply(end);
    }

    <T> void set(E end, SocketOption<T> option, T value) {
        this.<T>find(option).set.accept(end, value);
    }

    @SuppressWarnings("unchecked") // as with() put it
    private <T> Option<E, T> find(SocketOption<T> option) {
        Option<E, ?> found = known.get(option);
        if (found == null) {
            throw unknown(option);
        }
        return (Option<E, T>) found;
    }

    static IllegalArgumentException unknown(SocketOption<?> option) {
        return new IllegalArgumentException("transport sim has no option " + option.name() + " for such a socket");
    }
}
