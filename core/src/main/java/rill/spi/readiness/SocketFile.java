package rill.spi.readiness;

import java.io.IOException;
import java.net.BindException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The file that a listening Unix domain socket makes in the file system. Every transport treats it alike: it is removed when the listener closes, so
 * that the next one can bind, unless another file has taken its place by then. A file that existed before, stale or not, is never touched. The file
 * of a connecting socket remains, unless the socket has to be bound once more.
 *
 * <p><b>Ownership:</b> the Acceptor's, from the moment it is bound. <b>Not guaranteed:</b> that the file is removed when the process is killed, or
 * that it is not replaced between the last check and the removal.
 */
public abstract class SocketFile {
    /** For transports whose files are not the system's: see {@link ReadinessSelector#file}. */
    protected SocketFile() {}

    /** Removes the file if it is still the same. Never throws: if the file remains, the next bind reports it. */
    public abstract void remove();

    /** The file that binding to this address has just made. */
    public static SocketFile bound(UnixDomainSocketAddress address) {
        return new OfSystem(address.getPath().toAbsolutePath());
    }

    /** The failure of binding to this address, with advice if a file is in the way. */
    public static IOException refused(UnixDomainSocketAddress address, IOException cause) {
        if (cause instanceof BindException && Files.exists(address.getPath(), LinkOption.NOFOLLOW_LINKS)) {
            return SocketFailures.naming(
                    "listen on " + address,
                    new BindException(cause.getMessage() + " (the file is there already; if it was left behind by"
                            + " a process that is gone, delete it)"));
        }
        return SocketFailures.naming("listen on " + address, cause);
    }

    /** A file in the system's file system. */
    private static final class OfSystem extends SocketFile {
        private final Path path;
        private final @Nullable Object key;

        OfSystem(Path path) {
            this.path = path;
            this.key = keyOf(path);
        }

        /** Device and inode of a file that may be a socket. Null if they are not available; in that case nothing is removed. */
        private static @Nullable Object keyOf(Path path) {
            try {
                var file = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                return file.isOther() ? file.fileKey() : null; // a freed inode may soon be a file's
            } catch (IOException gone) {
                return null;
            }
        }

        @Override
        public void remove() {
            if (key != null && key.equals(keyOf(path))) {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    // Not ours to delete any more; see above.
                }
            }
        }
    }
}
