package rill.bench.program;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * Runs one simulation: {@code SimMain NAME SIZE}. Says "done run=NANOS steps=COUNT held=BYTES": processor time of the whole process, its start
 * included; segments or ticks or whatever it is about; and what is alive on the heap at its end, without what was there before.
 */
final class SimMain {
    private SimMain() {}

    public static void main(String[] arguments) throws Exception {
        int size = Integer.parseInt(arguments[1]);
        long before = Memory.liveHeap();
        long started = processorTime();
        var run =
                switch (arguments[0]) {
                    case "hour" -> Simulations.hedgedCalls(size);
                    case "messages" -> Simulations.messages(size);
                    case "connections" -> Simulations.connections(size);
                    case "steps" -> Simulations.timers(size);
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
