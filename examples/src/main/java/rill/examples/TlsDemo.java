package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.codec.Text;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.codec.tls.TlsException;
import rill.codec.tls.TlsInfo;
import rill.codec.tls.TlsServer;
import rill.testkit.Authority;

/** A TLS server and its clients, with a certificate authority generated on the spot: who is trusted, and who is not. */
final class TlsDemo {
    private TlsDemo() {}

    static void run(PrintWriter out) throws IOException {
        Authority authority = Authority.create();
        Authority.Issued certificate = authority.issue("localhost", "127.0.0.1");
        TlsServer tls = Tls.server(Identity.of(certificate.key(), certificate.chain()));
        try (var serverLoop = Loop.open().start();
                var loop = Loop.open()) {
            Listener server = serve(serverLoop, Loopback.ANY_PORT, tls).await();
            int port = server.port();
            talk(out, loop, port, List.of(authority.certificate()));
            refusals(out, loop, port, authority);
        }
    }

    private static Future<Listener> serve(Loop loop, InetSocketAddress address, TlsServer tls) {
        Pipeline<String, String> lines = Text.lines().over(tls);
        return loop.serve(address, lines, line -> Future.of(line.toUpperCase(Locale.ROOT)));
    }

    private static void talk(PrintWriter out, Loop loop, int port, List<X509Certificate> trusted) throws IOException {
        TlsClient tls = Tls.client().trust(trusted); // without trust(...): the authorities that the JDK trusts
        Connection<String, String> connection =
                loop.connect("localhost", port, Text.lines().over(tls)).await();
        TlsInfo info = connection.info(TlsInfo.class).orElseThrow();
        out.println("connected by " + info.version() + " with " + info.cipherSuite());
        connection.write("is this secret?");
        String answer = connection.receive().await();
        out.println("sent and got back: " + answer);
        Expect.equal("the answer", "IS THIS SECRET?", answer);
        Expect.equal("the name", "localhost", info.serverName());
        connection.finish().await();
    }

    private static void refusals(PrintWriter out, Loop loop, int port, Authority authority) throws IOException {
        TlsClient trusting = Tls.client().trust(List.of(authority.certificate()));
        refused(out, "somebody whom the JDK does not know", loop, port, Tls.client());
        refused(out, "one who is not whom we wanted", loop, port, trusting.hostName("bank.example"));
    }

    private static void refused(PrintWriter out, String whom, Loop loop, int port, TlsClient tls) throws IOException {
        try {
            loop.connect("localhost", port, Text.lines().over(tls)).await();
        } catch (TlsException e) {
            out.println("refused " + whom + ": " + e.getMessage());
            return;
        }
        throw new IOException("connected to " + whom);
    }
}
