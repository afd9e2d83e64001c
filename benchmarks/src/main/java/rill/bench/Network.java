package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where server and load meet: the loopback of a network namespace of their own if the system permits one, else this machine's. Many short connections
 * fill the tables in which a machine's own network tracks them; a new namespace keeps no such tables, and ends with its last process.
 */
enum Network {
    OWN,
    SHARED;

    private static final String UP = "ip link set lo up";

    /** A namespace of their own, if the system permits it. */
    static Network best() {
        try {
            Process trial = new ProcessBuilder("unshare", "--net", "sh", "-c", UP)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return trial.waitFor() == 0 ? OWN : SHARED;
        } catch (IOException e) {
            return SHARED; // unshare is not installed here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return SHARED;
        }
    }

    /** The command that starts a server in this network. */
    List<String> around(List<String> server) {
        return this == OWN
                ? joined(List.of("unshare", "--net", "sh", "-c", UP + " && exec \"$@\"", "sh"), server)
                : server;
    }

    /** The command that starts what connects to that server. */
    List<String> beside(Child server, List<String> load) {
        return this == OWN ? joined(List.of("nsenter", "--net=/proc/" + server.pid() + "/ns/net"), load) : load;
    }

    private static List<String> joined(List<String> words, List<String> command) {
        var whole = new ArrayList<>(words);
        whole.addAll(command);
        return whole;
    }
}
