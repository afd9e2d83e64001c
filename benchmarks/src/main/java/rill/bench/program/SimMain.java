package rill.bench.program;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import rill.transport.sim.Simulation;

/**
 * Runs one simulation: {@code SimMain NAME SIZE}. Prints "done run=NANOS count=COUNT held=BYTES": the processor time of the process during the run;
 * the number of calls, messages or whatever the simulation counts; and the live bytes on the heap at its end, less those before.
 */
final class SimMain {
    private static final int LOOKED_AT = 200_000; // steps measured, after the first SIZE

    private SimMain() {}

    public static void main(String[] arguments) throws Exception {
        int size = Integer.parseInt(arguments[1]);
        long before = Memory.liveHeap();
        Simulation old = arguments[0].equals("steps") ? Simulations.steps(size) : null;
        long started = processorTime();
        var run = switch (arguments[0]) {
            case "hour" -> Simulations.hedgedCalls(size);
            case "messages" -> Simulations.messages(size);
            case "connections" -> Simulations.connections(size);
            case "steps" -> new Simulations.Run(Objects.requireNonNull(old), Simulations.goOn(old, LOOKED_AT));
            default -> throw new IllegalArgumentException(arguments[0]);
        };
        long took = processorTime() - started;
        long held = Memory.liveHeap() - before;
        System.out.println("done run=" + took + " count=" + run.count() + " held=" + held);
        run.simulation().close();
        Runtime.getRuntime().halt(0);
    }

    private static long processorTime() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
