package rill.http;

import io.netty.buffer.ByteBuf;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.Head;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/** Writes the answer to one request, in its turn: at once if it is bytes, otherwise piece by piece, as fast as the client takes them. */
final class Answering {
    private final ServerConnection connection;
    private final Exchange exchange;
    private final boolean withoutBody; // the answer to HEAD
    private boolean last;
    private boolean begun; // its head is written
    private int errors; // that it was the answer to
    private boolean chunked;
    private @Nullable HttpBody body; // being sent
    private @Nullable Future<?> opening; // of a file
    private @Nullable Pulling pulling; // the pieces of the body

    Answering(ServerConnection connection, Exchange exchange) {
        this.connection = connection;
        this.exchange = exchange;
        this.withoutBody = exchange.isOf("HEAD");
    }

    void write() {
        HttpResponse response = response();
        try {
            write(response);
        } catch (RuntimeException e) {
            unsent(e, response.body());
        }
    }

    private void attempt(Runnable writing, HttpBody sent) {
        try {
            writing.run();
        } catch (RuntimeException e) {
            unsent(e, sent);
        }
    }

    /** Answers with an error if the response can't be sent, as long as that is possible. */
    private void unsent(RuntimeException why, HttpBody sent) {
        close(); // which may be the encoded form
        sent.close();
        if (begun || errors > 1) {
            connection.broken(why);
        } else {
            connection.report("the answer to " + exchange.named(), why);
            attempt(() -> write(error(errors == 0 ? 500 : exchange.status, "", why)), sent);
        }
    }

    /** Whether its head was written. */
    boolean hasBegun() {
        return begun;
    }

    /** The server, or its loop, closes: a body without an end of its own may end now. */
    void finishing() {
        if (body != null) {
            body.finishing();
        }
    }

    /** Nobody waits for it any more. */
    void abandon() {
        close();
        if (opening != null) {
            opening.cancel();
        }
        if (pulling != null) {
            pulling.giveUp();
        }
    }

    // ---- the response

    /** The handler's response, or an error in its place. */
    private HttpResponse response() {
        Future<HttpResponse> promised = exchange.answer;
        if (promised == null) {
            return refusal();
        }
        Throwable failure = promised.failure();
        if (failure != null) {
            return response(failure);
        }
        HttpResponse response = promised.result();
        if (response == null) {
            return inPlaceOf(Exchange.noResponse());
        }
        return response.isOfMissingFile() ? error(404, "", null) : response;
    }

    private HttpResponse response(Throwable failure) {
        return exchange.refused != null ? refusal() : inPlaceOf(failure);
    }

    private HttpResponse refusal() {
        var refused = Objects.requireNonNull(exchange.refused);
        return error(refused.status(), refused.why(), null);
    }

    private HttpResponse inPlaceOf(Throwable failure) {
        if (failure instanceof BodyTooLargeException large && !large.ofResponse) {
            return error(413, String.valueOf(failure.getMessage()), failure);
        }
        if (failure instanceof HttpRefusedException refused) {
            return error(refused.status(), String.valueOf(refused.getMessage()), failure);
        }
        if (failure instanceof CancellationException) {
            return error(503, "", failure);
        }
        connection.report("the handler of " + exchange.named(), failure);
        return error(500, "", failure);
    }

    /** The answer to an error: that of the user, or a short text if there is none, or if his has been an error itself. */
    private HttpResponse error(int status, String why, @Nullable Throwable cause) {
        Function<? super HttpError, HttpResponse> maker = errors++ == 0 ? connection.errorAnswers() : null;
        if (maker != null) {
            try {
                return answer(maker.apply(new HttpError(status, why, exchange.request, cause)), status);
            } catch (Throwable t) {
                connection.report("errorAnswers for " + status + " to " + exchange.named(), t);
            }
        }
        String reason = ResponseHead.of(status, HttpFields.none()).reason();
        return HttpResponse.text(status + " " + reason + "\n" + (why.isEmpty() ? "" : why + "\n"))
                .status(status);
    }

    private static HttpResponse answer(@Nullable HttpResponse own, int status) {
        if (own == null) {
            throw new NullPointerException("it has returned null, where a response is expected");
        }
        if (own.next() != null || !(own.body() instanceof BytesBody)) {
            own.body().close();
            throw new IllegalArgumentException("the answer to an error has a body of bytes or text, unlike " + own);
        }
        return own.status(status);
    }

    // ---- writing it

    private void write(HttpResponse response) {
        exchange.status = response.status();
        if (response.next() != null) {
            upgrade(response);
            return;
        }
        switch (response.body()) {
            case BytesBody bytes -> bytes(response, bytes);
            case FileBody file -> file(response, file.again());
            case StreamBody stream -> streamOrZip(response.fields(), stream);
            case IncomingBody incoming -> streamOrZip(response.fields(), incoming);
        }
    }

    private boolean suitsGzip(HttpFields fields, HttpBody sent) {
        return Compression.suits(connection.side().compressFrom(), exchange.status, fields, sent.length());
    }

    private boolean takesGzip() {
        return exchange.request != null && Compression.isTaken(exchange.request.fields());
    }

    private void bytes(HttpResponse response, BytesBody bytes) {
        if (!suitsGzip(response.fields(), bytes)) {
            whole(response, bytes);
            return;
        }
        HttpResponse form = response.form(takesGzip());
        if (form.body() instanceof BytesBody sent) {
            whole(form, sent);
        } else {
            stream(form.fields(), form.body());
        }
    }

    private void streamOrZip(HttpFields fields, HttpBody source) {
        if (!suitsGzip(fields, source)) {
            stream(fields, source);
        } else if (takesGzip()) {
            stream(Compression.encoded(fields), Compression.encoded(source));
        } else {
            stream(Compression.varying(fields), source);
        }
    }

    private void upgrade(HttpResponse response) {
        RequestHead head = exchange.head();
        boolean agrees = response.status() == 101
                ? head != null && head.isUpgrade()
                : exchange.isOf("CONNECT") && response.status() / 100 == 2;
        if (!agrees || !exchange.isReceived()) {
            throw new IllegalStateException(response.status() + " is no end of HTTP after this request");
        }
        if (written(ResponseHead.of(response.status(), response.fields())
                .followedBy(connection.side().date()))) {
            connection.becomes(exchange, response);
        }
    }

    private void whole(HttpResponse response, BytesBody bytes) {
        ResponseHead head = response.whole(bytes);
        if (!withoutBody && head.bodyLength() != 0) {
            throw new IllegalStateException("the fields tell of a body that is missing: " + response);
        }
        if (head(head)) {
            exchange.bytes = withoutBody ? 0 : bytes.length();
            connection.answered(exchange, last);
        }
    }

    /** False if it was not written: then the connection has failed. */
    private boolean head(ResponseHead head) {
        if (exchange.isOf("CONNECT") && head.status() / 100 == 2) {
            throw new IllegalStateException("to agree to CONNECT is an upgrade: see HttpResponse.upgrade");
        }
        ResponseHead dated =
                hasDate(head) ? head : head.followedBy(connection.side().date());
        last = !head.keepAlive() || connection.endsAfter(exchange); // which depends on whether the answer has begun
        begun = true;
        return written(last ? dated.close() : dated);
    }

    private boolean written(ResponseEvent part) {
        Future<@Nullable Void> written = connection.write(part);
        return !written.isDone() || written.failure() == null;
    }

    /** A forwarded response may have its own date. */
    private static boolean hasDate(ResponseHead head) {
        return head.has("date");
    }

    // ---- files

    private void file(HttpResponse response, FileBody file) {
        body = file;
        opening = file.open(connection.loop()).onDone((nothing, failure) -> {
            opening = null;
            if (connection.isOver()) {
                file.close();
                return;
            }
            attempt(
                    () -> {
                        if (failure == null) {
                            opened(response, file);
                        } else {
                            notOpened(failure);
                        }
                    },
                    file);
            connection.writeAnswers();
        });
    }

    private void notOpened(Throwable failure) {
        boolean missing = failure instanceof NoSuchFileException;
        if (missing || failure instanceof AccessDeniedException) {
            write(error(missing ? 404 : 403, "", failure));
        } else {
            write(inPlaceOf(failure));
        }
    }

    private void opened(HttpResponse response, FileBody file) {
        FileAnswer answer = FileAnswer.of(
                Objects.requireNonNull(exchange.request),
                response,
                file,
                connection.side().now());
        boolean hasTwoForms = suitsGzip(response.fields(), file); // of the whole file, which may be asked for later
        HttpFields fields = hasTwoForms ? Compression.varying(answer.fields()) : answer.fields();
        exchange.status = answer.status();
        if (answer.part() != null) {
            file.part(answer.part().from(), answer.part().length());
        }
        if (answer.sendsBody()) {
            streamOrZip(fields, file);
            return;
        }
        file.close();
        ResponseHead head = ResponseHead.of(answer.status(), fields);
        if (head(answer.status() == 304 ? head : head.bodyLength(0))) {
            connection.answered(exchange, last);
        }
    }

    // ---- streams

    private void stream(HttpFields fields, HttpBody source) {
        body = source;
        if (connection.isGoingAway()) {
            source.finishing();
        }
        ResponseHead head = ResponseHead.of(exchange.status, withoutFraming(fields));
        long length = source.length();
        RequestHead asked = exchange.head();
        boolean old = asked != null && asked.minorVersion() == 0;
        if (length >= 0) {
            head = head.bodyLength(length);
        } else if (!old) {
            head = head.bodyLength(Head.CHUNKED);
            chunked = true;
        }
        if (exchange.isHeldBack() && !withoutBody) {
            pull(new Beginning(head, source));
            return;
        }
        if (!head(head)) {
            close();
        } else if (withoutBody || length == 0) {
            close();
            connection.answered(exchange, last);
        } else {
            pull(this::take);
        }
    }

    private void pull(Pulling.Taker taker) {
        var first = new Pulling(connection.loop(), Objects.requireNonNull(body), taker);
        pulling = first;
        first.goOn();
    }

    /**
     * Defers the head while the client has not begun to send its body, from which this answer may be made: a client that received the answer first
     * would not send the body at all.
     */
    private final class Beginning implements Pulling.Taker {
        private final ResponseHead head;
        private final HttpBody source;

        Beginning(ResponseHead head, HttpBody source) {
            this.head = head;
            this.source = source;
        }

        @Override
        public boolean take(@Nullable ByteBuf piece, @Nullable Throwable failure) {
            if (begun || connection.isOver()) {
                return Answering.this.take(piece, failure);
            }
            if (failure != null) {
                close();
                attempt(() -> write(response(failure)), source);
                connection.writeAnswers();
                return false;
            }
            attempt(() -> head(head), source);
            if (begun) {
                return Answering.this.take(piece, null);
            }
            if (piece != null) {
                piece.release();
            }
            connection.writeAnswers();
            return false;
        }
    }

    /** The length is that of the body; these fields belong to another connection. */
    private static HttpFields withoutFraming(HttpFields fields) {
        return fields.without("content-length").without("transfer-encoding");
    }

    /** Whether to ask for the next piece immediately. */
    private boolean take(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        if (connection.isOver()) {
            if (piece != null) {
                piece.release();
            }
            close();
        } else if (failure != null) {
            stop(failure);
        } else if (piece == null) {
            finish();
        } else if (!piece.isReadable()) {
            piece.release();
            return true;
        } else {
            exchange.bytes += piece.readableBytes();
            return Objects.requireNonNull(pulling).after(connection.write(Data.of(piece)), this::goesOn);
        }
        return false;
    }

    private boolean goesOn(@Nullable Throwable failure) {
        if (failure != null || connection.isOver()) {
            close(); // the connection reports the failure
            return false;
        }
        return true;
    }

    private void finish() {
        End end;
        try {
            end = chunked ? new End(Objects.requireNonNull(body).trailers()) : End.of();
        } catch (IllegalArgumentException e) {
            stop(e);
            return;
        }
        boolean written = written(end);
        close();
        if (written) {
            connection.answered(exchange, last);
            connection.writeAnswers();
        }
    }

    private void stop(Throwable failure) {
        close();
        connection.broken(failure);
    }

    private void close() {
        HttpBody sent = body;
        body = null;
        if (sent != null) {
            sent.close();
        }
    }
}
