package rill.fuzz;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import rill.codec.Delimited;
import rill.codec.FixedLength;
import rill.codec.LengthField;
import rill.codec.Lines;
import rill.codec.Text;
import rill.codec.proxy.HttpConnect;
import rill.codec.proxy.ProxyProtocol;
import rill.codec.proxy.Socks5;
import rill.codec.resp.FuzzedResp;
import rill.codec.resp.RespException;
import rill.codec.tls.FuzzedTls;
import rill.examples.client.FuzzedMemcached;
import rill.http.FuzzedCoding;
import rill.http.websocket.FuzzedWebSocket;
import rill.http.websocket.WebSocketRefusedException;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpLimits;
import rill.http.wire.RequestHead;

/**
 * Every codec of the project, with low limits, so that short inputs reach them; and what else reads a peer's bytes: the name in a ClientHello, the
 * handshake of TLS as far as it is not encrypted, and compressed bodies.
 */
final class Targets {
    private static final HttpLimits LIMITS = HttpLimits.defaults()
            .startLine(60)
            .head(300)
            .fields(6)
            .chunkLine(24)
            .trailers(60);
    private static final List<Limit> HTTP = Joined.limits(LIMITS);
    private static final Limit MESSAGE = Limit.webSocket(2_000);
    private static final Limit PART = Limit.webSocket(64 + 258); // what is left of the last match of deflate is added
    private static final List<Limit> RESP = Limit.resp(50, 12);
    private static final String[] HTTP_WORDS = {
        "HTTP/1.1\r\n",
        "HTTP/1.0\r\n",
        "\r\n\r\n",
        "Host: a\r\n",
        "Content-Length: ",
        "Transfer-Encoding: chunked\r\n",
        "Connection: ",
        "close",
        "keep-alive",
        "upgrade",
        "Upgrade: websocket\r\n",
        "Expect: 100-continue\r\n",
        "CONNECT ",
        "HEAD ",
        "OPTIONS * ",
        "http://a/",
        "0\r\n\r\n",
        "1;a=\"b\"\r\n",
        "identity",
        ", ",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    };
    private static final String[] RESP_WORDS = {
        "\r\n", "$-1\r\n", "*-1\r\n", "$?\r\n", ";0\r\n", "*?\r\n", ".\r\n", "=5\r\ntxt:a\r\n", ",inf\r\n", ",nan\r\n",
        "(123\r\n", "#t\r\n", "_\r\n", "|1\r\n", "%1\r\n", "~1\r\n", ">2\r\n", "!3\r\n", "+message\r\n", "-ERR "
    };
    private static final String GZIP = "\u001f\u008b\b\0\0\0\0\0\0\3";
    private static final String[] TLS_WORDS = {
        "\26\3\3\0",
        "\24\3\3\0\1\1",
        "\25\3\3\0\2\2\0",
        "\27\3\3\0",
        "\1\0\0",
        "\2\0\0",
        "\13\0\0",
        "\3\4",
        "\23\1",
        "\0\35\0\40"
    };
    private static final SocketAddress PROXY = InetSocketAddress.createUnresolved("proxy", 1);
    private static final SocketAddress TARGET = InetSocketAddress.createUnresolved("example.com", 443);

    private Targets() {}

    static List<Target> all() {
        return List.of(
                Target.of("http-request", Joined.server(LIMITS), HTTP, HTTP_WORDS),
                Target.of("http-chunked", Joined.server(LIMITS), HTTP, HTTP_WORDS)
                        .after("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Target.of("http-response", answers("GET", "HEAD", "POST", "GET", "GET"), HTTP, HTTP_WORDS),
                Target.of("http-connect-response", answers("CONNECT"), HTTP, HTTP_WORDS),
                Target.of(
                        "websocket-server",
                        FuzzedWebSocket.frames(false, false, false),
                        MESSAGE,
                        "\u0081\u0080",
                        "\u0088"),
                Target.of(
                        "websocket-client", FuzzedWebSocket.frames(true, false, false), MESSAGE, "\u0081", "\u0088\2"),
                Target.of("websocket-parts", FuzzedWebSocket.frames(false, false, true), PART, "\u0001\u0080"),
                Target.of("websocket-deflate", FuzzedWebSocket.frames(false, true, false), MESSAGE, "\u00c1\u0080"),
                Target.of("websocket-deflate-parts", FuzzedWebSocket.frames(true, true, true), PART, "\u00c1"),
                Target.of(
                        "websocket-asking",
                        Saying.no(WebSocketRefusedException.class, FuzzedWebSocket.asking()),
                        MESSAGE,
                        handshake()),
                Target.of("websocket-answering", FuzzedWebSocket.answering(), MESSAGE, handshake()),
                Target.of("resp2", Saying.no(RespException.class, FuzzedResp.client()), RESP, RESP_WORDS),
                Target.of("resp3", Saying.no(RespException.class, FuzzedResp.ofBothVersions()), RESP, RESP_WORDS),
                Target.of("resp-greeting", Saying.no(RespException.class, FuzzedResp.greeting()), RESP, RESP_WORDS),
                Target.of("resp-hand-out", FuzzedResp.handingOut(), RESP, RESP_WORDS),
                Target.of("resp-batch", Saying.no(RespException.class, FuzzedResp.batches()), RESP, RESP_WORDS)
                        .after("%1\r\n$5\r\nproto\r\n:3\r\n"),
                Target.of(
                        "resp-server",
                        FuzzedResp.server(),
                        RESP,
                        "\r\n",
                        "$3\r\n",
                        "*2\r\n",
                        "PING",
                        "\"a\\x41\"",
                        "'b'"),
                Target.of("length-1", LengthField.ofBytes(1).limit(100), 100),
                Target.of(
                        "length-2-header",
                        LengthField.ofBytes(2)
                                .offset(1)
                                .withHeader()
                                .adjustment(-3)
                                .limit(300),
                        310),
                Target.of(
                        "length-4-little", LengthField.ofBytes(4).littleEndian().limit(200), 200),
                Target.of("length-8", LengthField.ofBytes(8).unlimited(), Limit.received()),
                Target.of("length-varint", LengthField.varint().limit(300), 300),
                Target.of("lines", Lines.of().limit(30), 30, "\r\n", "\n", "\r"),
                Target.of(
                        "lines-utf8",
                        Lines.of(Lines.Ending.CRLF).limit(30).with(Text.utf8()),
                        30,
                        "\r\n",
                        "\u00e2\u0082\u00ac"),
                Target.of("delimited", Delimited.by("aab").limit(30), 30, "aab", "aa"),
                Target.of("fixed-utf8", FixedLength.of(5).with(Text.utf8()), 5, "\u00f0\u009f\u0098\u0080"),
                Target.of("proxy", ProxyProtocol.server(peer -> true), Limit.received(), proxy()),
                Target.of(
                        "proxy-optional",
                        ProxyProtocol.server(peer -> true).anybodyWithoutHeader(),
                        Limit.received(),
                        proxy()),
                Target.of(
                        "socks5",
                        Socks5.at(PROXY).user("me", "secret").to(TARGET),
                        Limit.received(),
                        "\5\2\1\0",
                        "\5\0\0\3"),
                Target.of(
                        "http-connect",
                        HttpConnect.at(PROXY).to(TARGET),
                        Limit.received(),
                        "HTTP/1.1 200 OK\r\n",
                        "\r\n\r\n"),
                Target.of("http-gzip", FuzzedCoding.of("gzip"), FuzzedCoding.MOST, GZIP),
                Target.of("http-deflate", FuzzedCoding.of("deflate"), FuzzedCoding.MOST, "\u0078\u009c", "\3\0"),
                Target.of("tls-client-hello", FuzzedTls.names(), 255, "\26\3\1", "\1\0\0", "\3\3"),
                Target.of("tls-server", FuzzedTls.server(), 0, TLS_WORDS).thatOnlyShakesHands(),
                Target.of("tls-client", FuzzedTls.client(), 0, TLS_WORDS).thatOnlyShakesHands(),
                Target.of(
                        "memcached",
                        FuzzedMemcached.codec(),
                        new Limit("bytes", FuzzedMemcached::size, Limit.RECEIVED),
                        "VALUE a 0 1 2\r\n",
                        "END\r\n",
                        "STORED\r\n",
                        "SERVER_ERROR "));
    }

    static Target named(String name) {
        return all().stream()
                .filter(target -> target.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such target: " + name + "; there are " + all()));
    }

    private static rill.Codec<?, ?> answers(String... methods) {
        var sent = new RequestHead[methods.length];
        for (int i = 0; i < methods.length; i++) {
            sent[i] = RequestHead.of(
                    methods[i], methods[i].equals("CONNECT") ? "a:1" : "/", HttpFields.of("Host", "a:1"));
        }
        return Joined.client(LIMITS, sent);
    }

    private static String[] handshake() {
        return new String[] {
            "HTTP/1.1 101 x\r\n",
            "GET / HTTP/1.1\r\n",
            "Upgrade: websocket\r\n",
            "Connection: Upgrade\r\n",
            "Host: a\r\n",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
            "Sec-WebSocket-Version: 13\r\n",
            "Sec-WebSocket-Accept: ",
            "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            "; client_max_window_bits",
            "; server_no_context_takeover",
            "Sec-WebSocket-Protocol: chat, mqtt\r\n",
            "Origin: http://a\r\n",
            "\r\n\r\n"
        };
    }

    private static String[] proxy() {
        return new String[] {
            "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n",
            "PROXY UNKNOWN\r\n",
            "PROXY TCP6 ::1 ::2 9 10\r\n",
            "\r\n\r\n\0\r\nQUIT\n",
            "\41\21\0\14",
            "\40\0\0\0"
        };
    }
}
