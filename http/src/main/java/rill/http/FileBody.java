package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;

/** A body in a file, or a part of one. It is opened and read on threads for blocking work, a piece at a time. */
final class FileBody extends HttpBody {
    private static final int PIECE = 64 * 1024;
    private static final int TRIES = 4;
    private static final long NANOS_OF_SECOND = 1_000_000_000L;

    private final Path file;
    private final @Nullable Path folder; // that the file has to be below
    private @Nullable FileChannel channel; // once it is open
    private long length = UNKNOWN;
    private long modifiedNanos; // since 1970
    private long position;
    private boolean closed;
    private @Nullable Future<@Nullable ByteBuf> asked;

    FileBody(Path file) {
        this(file, null);
    }

    FileBody(Path file, @Nullable Path folder) {
        this.file = file;
        this.folder = folder;
    }

    /** The same file, to be read again. */
    FileBody again() {
        return new FileBody(file, folder);
    }

    /** The file that a request's path names below a folder; null if it names none there. */
    static @Nullable Path resolve(Path folder, String path) {
        try {
            String decoded = URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
            if (decoded.indexOf('\0') >= 0 || decoded.indexOf('\\') >= 0) {
                return null;
            }
            Path root = folder.toAbsolutePath().normalize(); // "." alone would normalize to an empty path
            Path file = root;
            for (String part : decoded.split("/", -1)) {
                if (part.equals("..")) {
                    return null;
                }
                file = file.resolve(part);
            }
            return file.normalize().startsWith(root) ? file : null;
        } catch (InvalidPathException e) {
            return null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    // ---- opening

    /** Opens a file for reading. */
    interface Opener {
        FileChannel open(Path file) throws IOException;
    }

    /** An open file, and the length and the time of modification of what is in it. */
    record Opened(FileChannel channel, long length, long modifiedNanos) {}

    /** What one version of a file differs in from another. */
    private record Version(
            long size, long modifiedNanos, @Nullable Object key) {}

    /** Done once it is open, and its length is known. */
    Future<@Nullable Void> open(Loop loop) {
        Future<Opened> opened = loop.blocking(this::opened, unseen -> closeElsewhere(loop, unseen.channel));
        return opened.map(file -> {
            channel = file.channel;
            length = file.length;
            modifiedNanos = file.modifiedNanos;
            if (closed) {
                closeElsewhere(loop, file.channel);
                throw new IOException("the file was not wanted any more when it was open");
            }
            return null;
        });
    }

    private Opened opened() throws IOException {
        try {
            return openedNow();
        } catch (AccessDeniedException | NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) { // e.g. below something that is not a folder, or an invalid name
            throw Files.exists(file) ? e : new NoSuchFileException(file.toString(), null, e.getReason());
        }
    }

    private Opened openedNow() throws IOException {
        Path wanted = file;
        if (folder != null) {
            wanted = file.toRealPath();
            if (!wanted.startsWith(folder.toRealPath())) {
                throw new NoSuchFileException(file.toString());
            }
        }
        return opened(wanted, path -> FileChannel.open(path, StandardOpenOption.READ));
    }

    /**
     * Opens a file with the attributes of the version that was opened: it may be replaced or written to meanwhile. A file that changes again and again
     * is taken as it is at the end, with its latest time and the length of what was opened.
     */
    static Opened opened(Path file, Opener opener) throws IOException {
        for (int tries = 1; ; tries++) {
            Version before = version(file);
            FileChannel channel = opener.open(file);
            boolean taken = false;
            try {
                Version after = version(file);
                long size = channel.size();
                taken = tries == TRIES || (after.equals(before) && size == after.size);
                if (taken) {
                    return new Opened(channel, size, after.modifiedNanos);
                }
            } finally {
                if (!taken) {
                    close(channel);
                }
            }
        }
    }

    private static Version version(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new NoSuchFileException(file.toString(), null, "no regular file");
        }
        return new Version(
                attributes.size(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.fileKey());
    }

    private static void closeElsewhere(Loop loop, FileChannel channel) {
        try {
            loop.transport().environment().blocking().execute(() -> close(channel));
        } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread is available, and it must not stay open
            close(channel);
        }
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It was only read: nothing is lost.
        }
    }

    long modifiedSeconds() {
        return Math.floorDiv(modifiedNanos, NANOS_OF_SECOND);
    }

    /** The ETag, from the size and the time of modification, as exactly as it is known. */
    String tag() {
        return "\"" + Long.toHexString(modifiedNanos) + "-" + Long.toHexString(length) + "\"";
    }

    /** Restricts the body to this part of it, which lies within the file. */
    void part(long from, long bytes) {
        position = from;
        length = from + bytes;
    }

    // ---- reading

    @Override
    public long length() {
        return length < 0 ? UNKNOWN : length - position;
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        Loop loop = Loop.current();
        if (loop == null) {
            throw new IllegalStateException("a body is read on its loop");
        }
        if (closed) {
            return Future.of(null);
        }
        if (asked != null && !asked.isDone()) {
            throw new IllegalStateException("next: the piece before has not come yet");
        }
        Future<@Nullable ByteBuf> next = channel == null ? open(loop).flatMap(nothing -> read(loop)) : read(loop);
        asked = next;
        return next;
    }

    private Future<@Nullable ByteBuf> read(Loop loop) {
        long from = position;
        int size = (int) Math.min(PIECE, length - from);
        FileChannel open = channel;
        if (size == 0 || open == null) {
            return Future.of(null);
        }
        position += size;
        return loop.<@Nullable ByteBuf>blocking(() -> read(open, from, size));
    }

    private static ByteBuf read(FileChannel channel, long from, int size) throws IOException {
        var bytes = ByteBuffer.allocate(size);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) {
                throw new EOFException("the file has become shorter while it was read");
            }
        }
        return Unpooled.wrappedBuffer(bytes.array());
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        FileChannel open = channel;
        channel = null;
        Loop loop = Loop.current();
        if (open == null) {
            return;
        }
        if (loop == null) {
            close(open);
        } else {
            closeElsewhere(loop, open);
        }
    }
}
