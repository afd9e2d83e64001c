package rill.http.storm;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import rill.Connection;
import rill.Loop;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/** A client that pipelines random requests on one connection. It stops reading for a while, ends its output, or goes away in the middle of a body. */
final class PipeliningActor extends Actor {
    private static final HttpFields HOST = HttpFields.of("Host", "a");

    private final ArrayDeque<Asked> asked = new ArrayDeque<>();
    private final StringBuilder body = new StringBuilder();
    private Connection<ResponseEvent, RequestEvent> connection;
    private Asked asking; // waits for 100 (Continue) before its body; nothing else is sent meanwhile
    private int left;
    private boolean gone;

    PipeliningActor(HttpStorm storm, Loop loop, long seed) {
        super(storm, loop, seed);
        left = 1 + random.nextInt(12);
    }

    @Override
    void begin() {
        loop.connect(storm.address(), HttpWire.client()).onDone((opened, failure) -> {
            if (failure != null) {
                failed(failure);
                over = true;
            } else {
                guarded(() -> visit(opened));
            }
        });
    }

    private void visit(Connection<ResponseEvent, RequestEvent> opened) {
        connection = opened;
        connection
                .onFailure(failure -> {
                    gone = true;
                    if (!broken()) {
                        failed(failure.cause());
                    }
                })
                .onMessage(event -> guarded(() -> heard(event)), () -> {
                    gone = true;
                    connection.close();
                });
        connection.closed().onDone((nothing, never) -> over = true);
        ask();
    }

    /** Whether the current answer can't be completed, so that the connection may fail. */
    private boolean broken() {
        return !asked.isEmpty() && asked.peek().broken();
    }

    private void ask() {
        int some = random.nextInt(3) == 0 ? left : Math.min(left, 1 + random.nextInt(3));
        for (int i = 0; i < some && !gone && asking == null; i++) {
            left--;
            askOne();
        }
        if (random.nextInt(60) == 0) {
            leave();
        } else if (random.nextInt(40) == 0 && asking == null) {
            connection.shutdownOutput();
            left = 0;
        }
    }

    private void leave() {
        gone = true;
        connection.abort();
    }

    private void askOne() {
        char kind = Asked.KINDS.charAt(random.nextInt(Asked.KINDS.length()));
        int number = random.nextInt(1000);
        boolean sends = Asked.sends(kind) || random.nextInt(5) == 0;
        boolean head = !sends && random.nextInt(5) == 0;
        var one = new Asked(kind, number, sends ? text(number) : "", head);
        asked.add(one);
        HttpFields fields = HOST;
        if (sends && (one.body().isEmpty() || random.nextBoolean())) {
            fields = fields.add("Transfer-Encoding", "chunked");
        } else if (sends) {
            fields = fields.add("Content-Length", "" + one.body().length());
        }
        boolean asks = kind == 'x';
        if (asks) {
            fields = fields.add("Expect", "100-continue");
        }
        connection.write(RequestHead.of(head ? "HEAD" : sends ? "POST" : "GET", one.target(), fields));
        if (asks) {
            asking = one;
        } else if (sends) {
            send(one.body());
        }
    }

    private void send(String text) {
        int at = 0;
        while (at < text.length() && !gone) {
            int to = Math.min(text.length(), at + 1 + random.nextInt(10_000));
            connection.write(Data.of(bytes(text.substring(at, to))));
            at = to;
            if (random.nextInt(150) == 0) {
                leave();
            }
        }
        if (!gone) {
            connection.write(End.of());
        }
    }

    private void heard(ResponseEvent event) {
        switch (event) {
            case ResponseHead head
            when head.status() == 100 -> {
                require(asking != null && asked.peek() == asking, "a 100 that nobody waits for");
                Asked one = asking;
                asking = null;
                send(one.body());
                ask();
            }
            case ResponseHead head -> {
                Asked first = asked.peek();
                require(head.status() == (first.refused() ? 413 : 200), first + " was answered " + head);
                complete(!head.hasBody());
            }
            case Data data -> {
                body.append(data.bytes().toString(StandardCharsets.ISO_8859_1));
                data.release();
                complete(data.isLast());
            }
            case End end -> complete(true);
        }
        if (random.nextInt(50) == 0 && !gone) {
            connection.pause();
            later(100, connection::resume);
        }
    }

    private void complete(boolean whole) {
        if (!whole) {
            return;
        }
        Asked first = asked.remove();
        require(!first.broken(), "an answer that could not be completed came whole: " + first);
        require(body.toString().equals(first.expected()), first + " was answered " + body);
        body.setLength(0);
        answered++;
        if (asking == first) {
            leave(); // its body was announced, but is not wanted
        } else if (asked.isEmpty() && left == 0) {
            connection.close();
        } else if (asked.isEmpty() || (left > 0 && random.nextBoolean())) {
            ask();
        }
    }
}
