package rill.http;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.http.wire.Data;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * A connection of an {@link OriginPool}: used by one {@link ClientExchange} at a time, or idle. It is read all the time, unless the exchange holds it
 * up. On the loop.
 */
final class ClientConnection {
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final OriginPool pool;
    private final Connection<ResponseEvent, RequestEvent> connection;
    private final Heard.Counter heard;
    private final Alarm alarm;
    private @Nullable ClientExchange exchange; // that is using it
    private @Nullable Duration keep; // announced by the server
    private long pendingBefore; // bytes for the server to take, when its exchange was last given time
    private int served;
    private boolean gone;
    private @Nullable Throwable failure;

    ClientConnection(OriginPool pool, Connection<ResponseEvent, RequestEvent> connection) {
        this.pool = pool;
        this.connection = connection;
        this.heard = connection.info(Heard.Counter.class).orElseThrow();
        this.alarm = new Alarm(pool.loop(), "time of an HTTP connection", this::late);
        connection.onFailure(this::failed).onMessage(this::event, this::ended);
        pool.client().connected();
        connection.closed().onDone((nothing, never) -> {
            gone(new IOException("the connection was closed"));
            pool.client().disconnected();
        });
    }

    // ---- incoming

    private void event(ResponseEvent event) {
        ClientExchange user = exchange;
        if (user == null) { // the codec rejects anything unrequested
            if (event instanceof Data data) {
                data.release();
            }
            close();
            return;
        }
        if (event instanceof ResponseHead head) {
            noteKeepAlive(head);
        }
        user.event(event);
    }

    /** Notes how long the server says it waits for the next request. */
    private void noteKeepAlive(ResponseHead head) {
        String said = head.fields().get("keep-alive");
        if (said == null) {
            return;
        }
        for (String each : said.split(",", -1)) {
            String parameter = each.strip();
            if (parameter.startsWith("timeout=") && parameter.substring(8).matches("[0-9]{1,6}")) {
                keep = Duration.ofSeconds(Integer.parseInt(parameter.substring(8)));
            }
        }
    }

    private void failed(Failure happened) {
        failure = happened.cause();
        gone(happened.cause());
    }

    private void ended() {
        gone(new IOException("the server has ended the connection"));
        connection.close();
    }

    private void gone(Throwable why) {
        if (gone) {
            return;
        }
        gone = true;
        alarm.close();
        ClientExchange user = exchange;
        exchange = null;
        pool.gone(this);
        if (user != null) {
            user.connectionGone(failure == null ? why : failure);
        }
    }

    private void late() {
        if (exchange != null) {
            exchange.late();
        } else {
            close();
        }
    }

    // ---- for its exchange

    void begin(ClientExchange user) {
        exchange = user;
    }

    /** Whether it was used before. */
    boolean isReused() {
        return served > 0;
    }

    long heard() {
        return heard.bytes();
    }

    Future<@Nullable Void> write(RequestEvent event) {
        return connection.write(event);
    }

    /** Done once all written bytes have left. */
    Future<@Nullable Void> flush() {
        return connection.flush();
    }

    /** The client finishes. */
    void finishing() {
        if (exchange != null) {
            exchange.finishing();
        }
    }

    void hold(boolean hold) {
        if (gone) {
            return;
        }
        if (hold) {
            connection.pause();
        } else {
            connection.resume();
        }
    }

    /** Gives its exchange this much time from now on. */
    void within(Duration time) {
        if (!gone) {
            pendingBefore = connection.pending();
            alarm.set(time);
        }
    }

    /** Whether the server has taken some of what was written since then, and not yet all. */
    boolean isTaken() {
        long pending = connection.pending();
        return pending > 0 && pending < pendingBefore;
    }

    void noLimit() {
        alarm.clear();
    }

    /** The exchange is over. */
    void release(boolean reusable) {
        exchange = null;
        served++;
        if (gone) {
            return;
        }
        if (reusable && connection.isOpen() && (keep == null || keep.compareTo(MARGIN) > 0)) {
            pool.free(this);
        } else {
            close();
        }
    }

    /** Why it failed, while no exchange used it. */
    Throwable whyGone() {
        return failure != null ? failure : new IOException("the server has ended the connection");
    }

    boolean isOpen() {
        return !gone && connection.isOpen();
    }

    /** It waits for the next request, and is closed before the server would close it. */
    void idles() {
        Duration own = pool.options().idleTime();
        Duration servers = keep == null ? own : keep.minus(MARGIN);
        alarm.set(own.compareTo(servers) < 0 ? own : servers);
    }

    void close() {
        gone(new IOException("the connection was closed"));
        connection.close();
    }

    /** The client is closed while an exchange is in progress. */
    void closeInUse() {
        gone(new IOException("the client was closed"));
        connection.abort();
    }

    void abort() {
        exchange = null;
        gone(new IOException("the connection was aborted"));
        connection.abort();
    }
}
