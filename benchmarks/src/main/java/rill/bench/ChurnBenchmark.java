package rill.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Tools.Program;

/** Connections that are opened, carry one message in each direction, and are closed. */
final class ChurnBenchmark implements Benchmark {
    static final int AT_A_TIME = 20;
    private static final int SIZE = 16;

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public String title() {
        return "Connect, one echo, close";
    }

    @Override
    public String explanation() {
        return AT_A_TIME + " connections at a time, each with one message of " + SIZE
                + " B there and back, closed by the client in good order.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoCompiler);
    }

    @Override
    public boolean quick() {
        return false;
    }

    @Override
    public List<Contest> contests(Bench bench) {
        Network network = Network.best();
        List<Contestant> contestants = Contenders.principal(bench.profile().extent()).stream()
                .map(each -> bench.contestant(each, () -> run(bench, network, each, Program.LOAD, "churn")))
                .toList();
        return List.of(new Contest(AT_A_TIME + " at a time", Map.of("connections", AT_A_TIME), contestants, true));
    }

    /** Runs the load in the given mode of opening connections. */
    static Outcome run(Bench bench, Network network, Contender contender, Program program, String mode)
            throws IOException {
        Profile profile = longer(bench.profile());
        Machine machine = bench.machine();
        try (Child server =
                Child.start(contender.name(), machine.server(), network.around(bench.serverCommand(contender)))) {
            int port = Integer.parseInt(server.expect("listening"));
            List<String> command = bench.loadCommand(program, mode, port, profile, SIZE, AT_A_TIME);
            try (Child load = Child.start("load", machine.load(), network.beside(server, command))) {
                return measured(server, load, profile);
            }
        }
    }

    private static Outcome measured(Child server, Child load, Profile profile) throws IOException {
        load.expect("ready");
        Map<String, Double> figures = new LinkedHashMap<>();
        new Window(load, server, load).measure(profile).figures().forEach((key, value) -> {
            String renamed = key.equals(Figure.RATE.key)
                    ? Figure.CONNECTIONS.key
                    : key.equals(Figure.CPU.key) ? Figure.CPU_PER_CONNECTION.key : key;
            figures.put(renamed, value);
        });
        return new Outcome(figures);
    }

    /** Connections are opened far less often than messages are echoed, so the code is compiled later. */
    static Profile longer(Profile profile) {
        return profile.longer(3, 1);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return longer(profile).warmUpSeconds() + profile.seconds() + 0.6;
    }
}
