package rill.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;

/** A body whose pieces are supplied by a source. */
final class StreamBody extends HttpBody {
    private final long length;
    private final Source source;
    private boolean finishing; // and its source was told
    private boolean closed;

    StreamBody(long length, Source source) {
        this.length = length;
        this.source = source;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        if (closed) {
            return Future.of(null);
        }
        try {
            return source.next();
        } catch (Throwable t) {
            return Future.failed(t);
        }
    }

    @Override
    boolean isOfResponse() {
        return source instanceof ClientResponse.Rest;
    }

    @Override
    public HttpFields trailers() {
        return source instanceof Gzip zipped ? zipped.trailers() : super.trailers();
    }

    @Override
    void finishing() {
        if (!finishing && !closed) {
            finishing = true;
            reporting("telling the source of a body that its sender finishes", source::finishing);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            reporting("closing the source of a body", source::close);
        }
    }

    /** Exceptions are reported, so that the caller is not disturbed. */
    private static void reporting(String what, Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            Loop loop = Loop.current();
            if (loop == null) {
                throw t;
            }
            loop.report(what, t);
        }
    }
}
