package rill.examples.sim;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.http.ClientRequest;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.transport.sim.Faults;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/** A client, an HTTP service and the Redis behind it, each on a host of its own, under the swarm: no note that was acknowledged is lost. */
final class Notes implements Scenario {
    private static final int NOTES = 20;
    private static final Duration ROWDY = Duration.ofSeconds(30);
    private static final Duration SOON = Duration.ofSeconds(60);

    /** For the catalogue. */
    Notes() {}

    @Override
    public void run(Simulation simulation) throws IOException {
        Map<String, String> disk = new HashMap<>(); // of Redis: outside of its boot, so that it survives a crash
        simulation.host(
                "redis",
                host -> host.loop("main")
                        .serve(host.address(6379), Resp.server(), command -> Future.of(execute(command, disk))));
        simulation.host("service", host -> {
            Loop loop = host.loop("main");
            var redis =
                    loop.pool("redis", 6379, NoteService.REDIS, NoteService.POOL); // a name, which is looked up again
            NoteService.serve(loop, host.address(80), redis);
        });
        Loop loop = simulation.host("client").loop("main");
        simulation.run(Duration.ofSeconds(1)); // until both listen

        var refused = new boolean[1];
        simulation.sometimes("a note is refused", () -> refused[0]);
        int notes = simulation.atMost(NOTES, "notes");
        simulation.inject(Faults.swarm().calm(ROWDY));
        loop.run(() -> {
            try (var client = HttpClient.on(loop, HttpClientOptions.defaults().deadline(Duration.ofSeconds(5)))) {
                for (int n = 1; n <= notes; n++) {
                    int status = put(client, "/notes/" + n, "note " + n);
                    refused[0] |= status == 503;
                    if (status == 204 && !("note " + n).equals(disk.get("/notes/" + n))) {
                        throw new AssertionError("note " + n + " was acknowledged, and is not there");
                    }
                    loop.delay(Duration.ofSeconds(1)).await();
                }
                loop.delay(ROWDY.plus(SOON)).await();
                if (put(client, "/notes/last", "the last one") != 204) {
                    throw new AssertionError("the service does not recover");
                }
            }
            return null;
        });
    }

    /** Returns the status of the answer, or 0 if there is none. */
    private static int put(HttpClient client, String path, String note) {
        var request = ClientRequest.put(URI.create("http://service" + path), HttpBody.of(note));
        try (var response = client.send(request).await()) {
            return response.status();
        } catch (IOException e) {
            return 0;
        }
    }

    /** As much of a Redis as the service needs. */
    private static Reply execute(Command command, Map<String, String> disk) {
        return switch (command.name()) {
            case "GET" -> {
                String note = disk.get(command.string(1));
                yield note == null ? Reply.NULL : Reply.bulk(note);
            }
            case "SET" -> {
                disk.put(command.string(1), command.string(2));
                yield Reply.OK;
            }
            case "PING" -> Reply.PONG;
            default -> new Reply.Failed("ERR unknown command " + command.name());
        };
    }
}
