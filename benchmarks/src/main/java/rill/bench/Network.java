package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The network between server and load: the loopback of their own network namespace if creating one is permitted, or else this machine's. Many short
 * connections fill the connection tracking tables of a machine's own network; a new namespace has no such tables, and disappears with its last
 * process.
 */
enum Network {
    OWN,
    SHARED;

    private static final String UP = "ip link set lo up";

    /** Returns a private namespace if the system permits that. */
    static Network best() {
        try {
            Process trial = new ProcessBuilder("unshare", "--net", "sh", "-c", UP)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return trial.waitFor() == 0 ? OWN : SHARED;
        } catch (IOException e) {
            return SHARED; // there is no unshare here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return SHARED;
        }
    }

    /** Returns the command of a server in this network. */
    List<String> around(List<String> server) {
        return this == OWN
                ? joined(List.of("unshare", "--net", "sh", "-c", UP + " && exec \"$@\"", "sh"), server)
                : server;
    }

    /** Returns the command of a program that connects to that server. */
    List<String> beside(Child server, List<String> load) {
        return this == OWN ? joined(List.of("nsenter", "--net=/proc/" + server.pid() + "/ns/net"), load) : load;
    }

    private static List<String> joined(List<String> words, List<String> command) {
        var whole = new ArrayList<>(words);
        whole.addAll(command);
        return whole;
    }
}
