package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/**
 * Writes a body to a temporary file beside the target, which it replaces when the whole body is written. On the loop, except for blocking calls.
 *
 * <pre>
 *  OPENING ──▶ READING ── a piece ──▶ WRITING ── written ──▶ READING ── the end ──▶ MOVING ──▶ OVER
 *     └────────────┴── failed, too large, given up ──┴── the temporary file is deleted ──────▶ OVER
 *                  └── the loop closes ──────────────┘
 * </pre>
 */
final class Saving {
    /** The temporary file, and the file that it becomes. */
    private record Target(Path file, Path part, FileChannel channel) {
        /** Failures are part of the result, so that its receiver always gets back the piece and this Target, which the writer owns meanwhile. */
        Written write(ByteBuf piece) {
            int size = piece.readableBytes();
            try {
                while (piece.isReadable()) {
                    piece.readBytes(channel, piece.readableBytes());
                }
                return new Written(this, piece, size, null);
            } catch (Throwable t) {
                return new Written(this, piece, size, t);
            }
        }

        void take() throws IOException {
            channel.close();
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        void drop() {
            try {
                channel.close();
            } catch (IOException e) {
                // It is deleted anyway.
            }
            try {
                Files.deleteIfExists(part);
            } catch (IOException e) {
                // The system does not allow it, and nothing more can be done.
            }
        }
    }

    /** A piece that was written, or failed to be. */
    private record Written(
            Target to, ByteBuf piece, int size, @Nullable Throwable failure) {
        /** The loop has closed: nobody continues. */
        void unseen() {
            piece.release();
            to.drop();
        }
    }

    private final Loop loop;
    private final HttpBody body;
    private final Path file;
    private final @Nullable Path folder; // that the file has to be below
    private final long limit;
    private final LongConsumer progress;
    private final String name; // of the temporary file
    private final Promise<Long> saved;
    private final Promise<@Nullable Void> loopNeeded; // until the file is moved or deleted; fails if the loop closes
    private @Nullable Target target; // once it is open
    private final Pulling pulling;
    private @Nullable Future<?> opening; // while the temporary file is being opened
    private boolean over;
    private long size;

    Saving(Loop loop, HttpBody body, Path file, @Nullable Path folder, long limit, LongConsumer progress) {
        this.loop = loop;
        this.body = body;
        this.file = file;
        this.folder = folder;
        this.limit = limit;
        this.progress = progress;
        this.pulling = new Pulling(loop, body, this::took);
        this.saved = loop.promise();
        this.loopNeeded = loop.promise();
        this.name = "." + Long.toHexString(loop.random().nextLong())
                + ".part"; // unpredictable, and never a name that a request asks for
    }

    Promise<Long> promise() {
        return saved;
    }

    void begin() {
        if (saved.isDone()) {
            body.close();
            return; // given up on the way
        }
        saved.onCancel(this::giveUp);
        var _ = loopNeeded.toCompletableFuture().whenComplete((nothing, closed) -> {
            if (closed != null) {
                stop(closed); // the body may be of another loop, and callbacks no longer run here
            }
        });
        if (body.length() > limit) {
            stop(body.tooLarge(limit));
            return;
        }
        opening = loop.blocking(this::open, this::drop).onDone((open, failure) -> {
            opening = null;
            if (open == null || over) {
                stop(failure == null ? givenUp() : failure);
                drop(open);
            } else {
                target = open;
                pulling.goOn();
            }
        });
    }

    private static IOException givenUp() {
        return new IOException("saveTo: it was given up");
    }

    // ---- on other threads

    private Target open() throws IOException {
        Path place = file.toAbsolutePath();
        if (folder != null) {
            requireBelow(folder, place);
        }
        Path part = place.resolveSibling(name);
        return new Target(place, part, FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /** Follows links. Checks what the path may name before any of the body is written. */
    private static void requireBelow(Path folder, Path place) throws IOException {
        Path parent = place.getParent();
        boolean isPlace;
        try {
            isPlace = parent != null
                    && parent.toRealPath().startsWith(folder.toRealPath())
                    && Files.isDirectory(parent)
                    && !isFolder(place);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException e) { // nothing there, a file where the folder would be, or an invalid name
            throw new HttpRefusedException(404, "there is no such folder, or no such name");
        }
        if (!isPlace) {
            throw new HttpRefusedException(404, "there is no place for a file");
        }
    }

    private static boolean isFolder(Path place) throws IOException {
        try {
            return Files.readAttributes(place, BasicFileAttributes.class).isDirectory();
        } catch (NoSuchFileException e) {
            return false; // it may be created
        }
    }

    private void drop(@Nullable Target unneeded) {
        if (unneeded == null) {
            return;
        }
        try {
            loop.transport().environment().blocking().execute(unneeded::drop);
        } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread is available, and it must not stay
            unneeded.drop();
        }
    }

    // ---- on the loop

    private boolean took(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        if (failure != null) {
            stop(failure);
        } else if (over) {
            if (piece != null) {
                piece.release();
            }
        } else if (piece == null) {
            finish();
        } else if (piece.readableBytes() > limit - size) {
            piece.release();
            stop(body.tooLarge(limit));
        } else {
            write(piece);
        }
        return false; // continues once it is written
    }

    private void write(ByteBuf piece) {
        Target to = target;
        target = null; // the writer owns it meanwhile
        if (to == null) {
            piece.release();
            return;
        }
        loop.blocking(() -> to.write(piece), Written::unseen).onDone((written, notBegun) -> {
            piece.release();
            target = to;
            Throwable failure = written == null ? notBegun : written.failure;
            if (over) {
                dropTarget();
            } else if (written == null || failure != null) {
                stop(failure == null ? givenUp() : failure);
            } else {
                size += written.size;
                wrote();
            }
        });
    }

    private void wrote() {
        try {
            progress.accept(size);
        } catch (Throwable t) {
            stop(t);
            return;
        }
        pulling.goOn();
    }

    private void finish() {
        Target to = target;
        target = null;
        loopNeeded.complete(null);
        body.close();
        if (to == null) {
            return;
        }
        loop.blocking(() -> {
                    try {
                        to.take();
                    } catch (Throwable t) {
                        to.drop();
                        throw t;
                    }
                    return size;
                })
                .onDone((all, failure) -> {
                    over = true;
                    if (all != null) {
                        saved.complete(all);
                    } else {
                        drop(to); // also if no thread was available to move it
                        saved.fail(failure == null ? givenUp() : failure);
                    }
                });
    }

    /** Nobody waits for it any more. */
    private void giveUp() {
        Future<?> unopened = opening;
        stop(givenUp());
        pulling.giveUp();
        if (unopened != null) {
            unopened.cancel();
        }
    }

    private void stop(Throwable why) {
        over = true;
        loopNeeded.complete(null);
        body.close();
        dropTarget();
        saved.fail(why);
    }

    private void dropTarget() {
        Target to = target;
        target = null;
        drop(to);
    }

    @Override
    public String toString() {
        return "saving to " + file;
    }
}
