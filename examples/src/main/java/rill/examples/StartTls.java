package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.codec.Text;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.codec.tls.TlsInfo;
import rill.codec.tls.TlsServer;
import rill.testkit.Authority;

/** A connection that begins in the clear and continues over TLS, as mail connections do. */
final class StartTls {
    private StartTls() {}

    static void run(PrintWriter out) throws IOException {
        Authority authority = Authority.create();
        Authority.Issued certificate = authority.issue("localhost");
        TlsServer server = Tls.server(Identity.of(certificate.key(), certificate.chain()));
        TlsClient client = Tls.client().trust(List.of(authority.certificate())).hostName("localhost");
        try (var serverLoop = Loop.open().start();
                var loop = Loop.open()) {
            Listener listener = serverLoop
                    .<String, String>listen(Loopback.ANY_PORT, Text.lines(), connection -> answer(connection, server))
                    .await();
            loop.run(() -> talk(loop.connect(listener.address(), Text.lines()).await(), client, out));
        }
    }

    private static void answer(Connection<String, String> connection, TlsServer tls) {
        connection.onMessage(line -> {
            if (!line.equals("STARTTLS")) {
                connection.write("530 say STARTTLS first");
                return;
            }
            connection.stop(); // what follows is TLS, not lines
            connection.write("220 go ahead");
            Connection<String, String> secret = connection.become(Text.lines().over(tls));
            secret.onMessage(each -> secret.write("250 " + each));
        });
    }

    private static void talk(Connection<String, String> connection, TlsClient tls, PrintWriter out) throws IOException {
        Expect.equal("the answer in the clear", "530 say STARTTLS first", ask(connection, "MAIL"));
        out.println("in the clear the server takes no mail");
        Expect.equal("the answer to STARTTLS", "220 go ahead", ask(connection, "STARTTLS"));
        Connection<String, String> secret = connection.become(Text.lines().over(tls));
        String answer = ask(secret, "MAIL"); // sent after the handshake
        Expect.equal("the answer over TLS", "250 MAIL", answer);
        out.println("over " + secret.info(TlsInfo.class).orElseThrow().version() + " it answered: " + answer);
        secret.finish().await();
    }

    private static String ask(Connection<String, String> connection, String line) throws IOException {
        connection.write(line);
        String answer = connection.receive().await();
        if (answer == null) {
            throw new IOException("the server has ended instead of answering " + line);
        }
        return answer;
    }
}
