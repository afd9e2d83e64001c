package rill.examples.sim;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import rill.transport.sim.Scenario;

/** The scenarios by name. */
final class Scenarios {
    static final Map<String, Supplier<Scenario>> ALL = all();

    private Scenarios() {}

    private static Map<String, Supplier<Scenario>> all() {
        var all = new LinkedHashMap<String, Supplier<Scenario>>();
        all.put("request-response", RequestResponse::new);
        all.put("graceful-shutdown", GracefulShutdown::new);
        all.put("back-pressure", BackPressure::new);
        all.put("reconnecting", Reconnecting::new);
        all.put("pooled", Pooled::new);
        all.put("http-calls", HttpCalls::new);
        all.put("http-serving", HttpServing::new);
        all.put("slow-readers", SlowReaders::new);
        all.put("notes", Notes::new);
        all.put("at-random", AtRandom::new);
        all.put("deposits", Deposits::new);
        all.put("register", Register::new);
        return all;
    }
}
