package rill.transport.sim;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.spi.AbstractSocketAddress;
import rill.spi.readiness.SocketFile;

/**
 * The Unix domain sockets of a host: the names with their listeners, and the connections. A name is either a path, whose file stays until it is
 * removed, whatever becomes of the socket and of the host; or an abstract name, which is gone with its socket.
 */
final class UnixSockets {
    /** The limit of Linux, in bytes of a path or name. */
    private static final int LONGEST_NAME = 107;

    /** A name, and the socket that was bound to it. */
    final class Bound extends SocketFile {
        private final Object key;
        private @Nullable UnixAcceptor listener;
        private boolean held = true; // by a process that lives

        Bound(Object key, @Nullable UnixAcceptor listener) {
            this.key = key;
            this.listener = listener;
        }

        /** Notes that its socket is closed. */
        void released() {
            listener = null;
            if (!(key instanceof Path)) {
                names.remove(key, this);
            }
        }

        /** Removes the file; a no-op if its process is gone by now, because then nobody is left who could do it. */
        @Override
        public void remove() {
            if (held) {
                names.remove(key, this);
            }
        }
    }

    final Set<UnixEnd> ends = new LinkedHashSet<>();
    private final Map<Object, Bound> names = new LinkedHashMap<>();

    static boolean knows(SocketAddress address) {
        return address instanceof UnixDomainSocketAddress || address instanceof AbstractSocketAddress;
    }

    /** Normalizes an address: two ways to write the same path are one key. */
    private static Object key(SocketAddress address) throws SocketException {
        if (!knows(address)) {
            throw new SocketException(address + " is an address of another family");
        }
        boolean isPath = address instanceof UnixDomainSocketAddress;
        String name = address instanceof AbstractSocketAddress unlisted ? unlisted.name() : address.toString();
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST_NAME) {
            throw new SocketException("the " + (isPath ? "path" : "name") + " has " + length
                    + " bytes, but the address of a Unix domain socket holds " + LONGEST_NAME + " at most");
        }
        return address instanceof UnixDomainSocketAddress path ? absolute(path.getPath()) : address;
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    Bound bind(SocketAddress address, @Nullable UnixAcceptor listener) throws IOException {
        Object key = key(address);
        var bound = new Bound(key, listener);
        if (names.putIfAbsent(key, bound) != null) {
            throw new BindException("Address already in use");
        }
        return bound;
    }

    /** Returns the listener at this address. */
    UnixAcceptor listenerAt(SocketAddress address) throws IOException {
        Object key = key(address);
        Bound bound = names.get(key);
        if (bound == null && key instanceof Path) {
            throw new SocketException("No such file or directory");
        }
        UnixAcceptor listener = bound == null ? null : bound.listener;
        if (listener == null) {
            throw new ConnectException("Connection refused");
        }
        return listener;
    }

    /** Returns the file that binding has just created. */
    SocketFile file(UnixDomainSocketAddress address) {
        Bound bound = names.get(absolute(address.getPath()));
        if (bound == null) {
            throw new IllegalStateException(address + " is bound to nothing");
        }
        return bound;
    }

    boolean hasFile(Path path) {
        return names.containsKey(absolute(path));
    }

    List<Path> files() {
        return names.keySet().stream()
                .filter(Path.class::isInstance)
                .map(Path.class::cast)
                .toList();
    }

    /** Removes a file; false if there is none. */
    boolean unlink(Path path) {
        return names.remove(absolute(path)) != null;
    }

    /** Ends the process, and with it, in one stroke, everything that it had open; files stay. */
    void processEnds() {
        List.copyOf(ends).forEach(UnixEnd::leave);
        List.copyOf(names.values()).forEach(each -> {
            each.held = false;
            each.released();
        });
    }
}
