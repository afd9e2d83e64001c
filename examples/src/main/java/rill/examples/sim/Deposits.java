package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * An account on a server, and a client that adds to it and tries again when a call fails. It has a bug, for the guide: a call without an answer may
 * have been executed nevertheless, and trying it again then adds twice.
 */
final class Deposits implements Scenario {
    private static final int PORT = 7000;
    private static final int DEPOSITS = 10;
    private static final Duration DEADLINE = Duration.ofMillis(150);

    private final boolean numbered;

    /** Creates the scenario with the bug. */
    Deposits() {
        this(false);
    }

    /** Creates the scenario; without the bug if the deposits are numbered. */
    Deposits(boolean numbered) {
        this.numbered = numbered;
    }

    @Override
    public void run(Simulation simulation) throws Exception {
        var account = new Account();
        Host bank = simulation.host("bank");
        bank.loop("main")
                .serve(bank.address(PORT), Text.lines(), account::handle)
                .await();
        Loop loop = simulation.host("client").loop("main");
        int deposits = simulation.atMost(DEPOSITS, "deposits");

        try (var _ = simulation.inject(Faults.loss("bank", "client", 0.01))) {
            loop.run(() -> {
                for (int n = 1; n <= deposits; n++) {
                    deposit(loop, numbered ? n + " add 1" : "add 1");
                    if (account.balance != n) {
                        throw new AssertionError("after " + n + " deposits of 1 the balance is " + account.balance);
                    }
                    loop.delay(Duration.ofMillis(200)).await();
                }
                return null;
            });
        }
    }

    /** Tries until there is an answer. */
    private static void deposit(Loop loop, String request) throws IOException {
        ClientProtocol<String, String> protocol =
                ClientProtocol.inOrder(Text.lines()).deadline(DEADLINE);
        ConnectOptions options = ConnectOptions.defaults().timeout(DEADLINE);
        while (true) {
            try (var client = loop.connect("bank", PORT, protocol, options).await()) {
                client.call(request).await();
                return;
            } catch (IOException failed) {
                loop.delay(Duration.ofMillis(100)).await();
            }
        }
    }

    /** The server's side: {@code add N}, perhaps after a number by which a repeated request is recognized. */
    private static final class Account {
        private final Set<String> known = new HashSet<>(); // looked up, never iterated
        private int balance;

        Future<String> handle(String request) {
            boolean again = !request.startsWith("add ") && !known.add(request);
            if (!again) {
                balance += Integer.parseInt(request.substring(request.lastIndexOf(' ') + 1));
            }
            return Future.of("balance " + balance);
        }
    }
}
