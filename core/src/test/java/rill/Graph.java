package rill;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Futures that depend on one another at random, and what must hold whatever is done to them: everything settles; each callback is called once; a
 * Future is cancelled exactly if all that had an interest gave it up; each thing is either seen or goes back, once; and nothing is left in any list.
 */
final class Graph {
    /** The value of an Offer. */
    static final class Thing {
        private final AtomicInteger seen = new AtomicInteger();
        private final AtomicInteger returned = new AtomicInteger();
    }

    /** A Future, and what was done with it. */
    private static final class Node {
        final String made;
        final Future<Object> future;
        final List<Node> sources;
        final List<Node> followers = new ArrayList<>();
        final Set<Node> waiters = Collections.synchronizedSet(new HashSet<>()); // those added while it was pending
        volatile boolean cancelledByUs;
        volatile boolean hasCallback;
        volatile boolean asked; // an owner of the value has asked for it
        volatile boolean copied; // something that does not own the value has asked for it

        Node(String made, Future<Object> future, List<Node> sources) {
            this.made = made;
            this.future = future;
            this.sources = sources;
        }
    }

    private static final String SETTLED = "settled";

    private final Random random;
    private final List<Loop> loops;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Promise<Object>> roots = new ArrayList<>();
    private final Map<Promise<Object>, Thing> things = new IdentityHashMap<>();
    private final List<AtomicInteger> callbacks = new ArrayList<>();
    private final List<CompletableFuture<Object>> stages = new ArrayList<>();
    private final List<Outside<?>> outside = new ArrayList<>();
    private final List<String> program = new ArrayList<>();
    private final boolean threads;

    Graph(long seed, List<Loop> loops, boolean threads) {
        this.random = new Random(seed);
        this.loops = loops;
        this.threads = threads;
    }

    List<String> program() {
        return program;
    }

    // ---- what is done to the Futures

    /** Does something at random, except moving time, which is up to the caller. */
    void step() {
        switch (random.nextInt(nodes.size() < 4 ? 3 : 27)) {
            case 0, 1 -> offer();
            case 2 -> promise();
            case 3, 4 -> map();
            case 5 -> flatMap();
            case 6 -> recover();
            case 7, 8 -> timeout();
            case 9 -> several("all");
            case 10, 11 -> several("any");
            case 12 -> copy();
            case 13 -> callback();
            case 14, 15, 16 -> task();
            case 17, 18, 19 -> cancel();
            case 20, 21, 22 -> settle();
            case 23 -> stage();
            case 24 -> cancelStage();
            case 25 -> settled();
            default -> awaitOutside();
        }
    }

    private Loop anyLoop() {
        return loops.get(random.nextInt(loops.size()));
    }

    private Node anyNode() {
        int n = nodes.size();
        return nodes.get(Math.max(0, n - 1 - random.nextInt(Math.min(n, 12)))); // preferably a later one
    }

    private Node add(String made, Future<Object> future, Node... sources) {
        return add(true, made, future, sources);
    }

    private Node add(boolean waitsAtOnce, String made, Future<Object> future, Node... sources) {
        var node = new Node(made + " -> " + nodes.size(), future, List.of(sources));
        for (Node each : sources) {
            each.followers.add(node);
            if (waitsAtOnce && !each.future.isDone()) {
                each.waiters.add(node);
            }
        }
        nodes.add(node);
        program.add(node.made + " of "
                + List.of(sources).stream().map(nodes::indexOf).toList());
        return node;
    }

    private void offer() {
        var thing = new Thing();
        Promise<Object> promise = new Offer<>(anyLoop(), value -> ((Thing) value).returned.incrementAndGet());
        roots.add(promise);
        things.put(promise, thing);
        add("offer", promise);
    }

    private void promise() {
        Promise<Object> promise = anyLoop().promise();
        roots.add(promise);
        add("promise", promise);
    }

    private void map() {
        Node source = asked(anyNode());
        int kind = random.nextInt(4);
        add("map " + kind, source.future.map(value -> mapped(kind, value)), source);
    }

    private static Object mapped(int kind, Object value) {
        if (kind == 0) {
            return value; // passed on, not seen
        }
        see(value);
        return switch (kind) {
            case 1 -> throwing(new IllegalStateException("mapping"));
            case 2 -> throwing(new AssertionError("mapping"));
            default -> "mapped";
        };
    }

    private static Object throwing(RuntimeException e) {
        throw e;
    }

    private static Object throwing(Error e) {
        throw e;
    }

    private void flatMap() {
        Node source = asked(anyNode());
        Node inner = asked(anyNode());
        inner.copied = true; // perhaps nobody ever gets to it
        Future<Object> flat = source.future.flatMap(value -> {
            see(value);
            return inner.future;
        });
        inner.waiters.remove(add("flatMap", flat, source, inner));
    }

    private void recover() {
        Node source = asked(anyNode());
        add("recover", source.future.recover(failure -> "recovered"), source);
    }

    private void timeout() {
        Node source = asked(anyNode());
        int millis = random.nextInt(6) - 1;
        add("timeout " + millis, source.future.timeout(Duration.ofMillis(millis)), source);
    }

    @SuppressWarnings("unchecked")
    private void several(String which) {
        Node[] parts = new Node[1 + random.nextInt(3)];
        var futures = new ArrayList<Future<Object>>();
        for (int i = 0; i < parts.length; i++) {
            parts[i] = asked(anyNode());
            futures.add(parts[i].future);
        }
        Future<?> made = which.equals("all") ? Future.all(futures) : Future.any(futures);
        add(which, (Future<Object>) made, parts);
    }

    @SuppressWarnings("unchecked")
    private void settled() {
        Node[] parts = new Node[1 + random.nextInt(3)];
        var futures = new ArrayList<Future<?>>();
        for (int i = 0; i < parts.length; i++) {
            parts[i] = anyNode();
            parts[i].copied = true;
            futures.add(parts[i].future);
        }
        Future<?> made = Future.settled(futures);
        add(SETTLED, (Future<Object>) made, parts);
    }

    private void copy() {
        Node source = anyNode();
        source.copied = true;
        add("copy", source.future.copy(), source);
    }

    private void callback() {
        Node source = asked(anyNode());
        source.hasCallback = true;
        var told = new AtomicInteger();
        callbacks.add(told);
        program.add("callback of " + nodes.indexOf(source));
        source.future.onDone((value, failure) -> {
            told.incrementAndGet();
            see(value);
        });
    }

    private void task() {
        Node source = anyNode();
        boolean again = random.nextInt(3) == 0;
        boolean cancelsItself = random.nextInt(4) == 0;
        Node second = again ? anyNode() : source;
        if (again) {
            source.copied = true; // it continues after that, or perhaps never reaches the second
            second.copied = true;
        }
        var self = new AtomicReference<@Nullable Node>(); // the body runs later
        Task<Object> task = anyLoop().task("await", () -> {
            Node node = self.get();
            if (cancelsItself && node != null) {
                node.future.cancel();
            }
            asked(source);
            try {
                if (node != null && !source.future.isDone() && !cancelsItself && !again) {
                    source.waiters.add(node);
                }
                see(source.future.await());
            } catch (CancelledException e) {
                if (!again) {
                    throw e;
                }
            }
            Object value = again ? second.future.await() : null;
            see(value);
            return "awaited";
        });
        Node[] sources = again ? new Node[] {source, second} : new Node[] {source};
        Node node = add(false, "task", task, sources);
        node.cancelledByUs = cancelsItself;
        self.set(node);
    }

    private void stage() {
        Node source = asked(anyNode());
        program.add("stage of " + nodes.indexOf(source));
        CompletableFuture<Object> stage = source.future.toCompletableFuture();
        source.hasCallback = true; // equivalent to one
        var _ = stage.thenAccept(Graph::see);
        stages.add(stage);
    }

    private void cancelStage() {
        if (!stages.isEmpty()) {
            program.add("cancel a stage");
            stages.get(random.nextInt(stages.size())).cancel(false);
        }
    }

    private void awaitOutside() {
        if (!threads) {
            return;
        }
        Node source = asked(anyNode());
        source.copied = true; // its own thread decides when
        source.hasCallback = true;
        boolean interrupted = random.nextBoolean();
        program.add("await outside of " + nodes.indexOf(source));
        var waiter = Outside.start(() -> {
            try {
                see(source.future.await());
            } catch (IOException | RuntimeException | Error e) {
                return e;
            }
            return null;
        });
        outside.add(waiter);
        if (interrupted) {
            waiter.thread().interrupt();
        }
    }

    private void cancel() {
        Node node = anyNode();
        program.add("cancel " + nodes.indexOf(node));
        if (node.future.cancel()) {
            node.cancelledByUs = true;
        }
    }

    private void settle() {
        settle(roots.get(random.nextInt(roots.size())));
    }

    private void settle(Promise<Object> root) {
        int kind = random.nextInt(4);
        program.add("settle " + kind + " root " + roots.indexOf(root));
        Thing thing = things.get(root);
        switch (kind) {
            case 0 -> root.fail(new IOException("on purpose"));
            default -> root.complete(thing == null ? "plain" : thing);
        }
    }

    /** Settles every root that is still pending. */
    void settleAll() {
        roots.forEach(this::settle);
    }

    private static Node asked(Node node) {
        node.asked = true;
        return node;
    }

    private static void see(@Nullable Object value) {
        if (value instanceof Thing thing) {
            thing.seen.incrementAndGet();
        } else if (value instanceof List<?> list) {
            list.forEach(Graph::see);
        }
    }

    // ---- what must hold

    boolean allDone() {
        return nodes.stream().allMatch(node -> node.future.isDone())
                && outside.stream().allMatch(Outside::done);
    }

    /** At rest, and on a single loop only: a pending Future is one that somebody still wants. */
    void checkAtRest() {
        for (Node node : nodes) {
            boolean wanted = node.hasCallback || node.copied || node.waiters.isEmpty();
            wanted |= node.future instanceof Task; // a Task decides by itself when it is finished
            for (Node follower : List.copyOf(node.waiters)) {
                wanted |= !follower.future.isDone();
            }
            require(wanted || node.future.isDone(), node, "nobody waits for it any more, and it goes on");
        }
    }

    /** Checks when everything is done and at rest. */
    void checkAtEnd() {
        for (Node node : nodes) {
            require(node.future.isDone(), node, "it is not done");
            require(node.future.waiting() == 0, node, "it still has dependents");
            checkCancelled(node);
            require(
                    !node.made.startsWith(SETTLED) || node.future.failure() == null || node.future.isCancelled(),
                    node,
                    "it has failed with its parts");
        }
        for (AtomicInteger told : callbacks) {
            require(told.get() == 1, null, "a callback was told " + told + " times");
        }
        stages.forEach(stage -> require(stage.isDone(), null, "a stage is not done"));
        loops.forEach(loop -> require(loop.crossLoopFutures().size() == 0, null, "something is left crossLoopFutures"));
        for (Map.Entry<Promise<Object>, Thing> each : things.entrySet()) {
            checkThing(each.getKey(), each.getValue());
        }
    }

    /** A cancelled Future was itself cancelled, or all that had an interest in it gave it up. */
    private void checkCancelled(Node node) {
        Throwable failure = node.future.hasFailed() ? node.future.failure() : null;
        if (!(failure instanceof CancelledException)
                || node.cancelledByUs
                || threads
                || node.future instanceof Task // may end long after its cancellation
                || node.sources.stream().anyMatch(source -> isFrom(source.future, failure))) {
            return;
        }
        for (Node follower : node.waiters) {
            boolean waited = follower.future.failure() == failure;
            require(!waited, node, "it was cancelled although " + follower.made + " waited for it");
        }
    }

    private static boolean isFrom(Future<?> source, Throwable failure) {
        return source.failure() == failure || (source.isCancelled() && !source.hasFailed()); // its thing has gone back
    }

    private void checkThing(Promise<Object> root, Thing thing) {
        if (root.hasFailed()) {
            return;
        }
        boolean kept = false;
        for (Node node : nodes) {
            if (!node.future.hasFailed() && contains(node.future.value(), thing)) {
                Parcel parcel = node.future.parcel();
                boolean untouched = !node.asked && !node.copied && node.followers.isEmpty();
                require(!untouched || parcel == null || !parcel.gone(), node, "it has lost its thing to nobody");
                kept |= !node.asked || node.copied;
            }
        }
        int seen = thing.seen.get();
        int returned = thing.returned.get();
        String state = "seen " + seen + " times, and back " + returned + " times";
        require(returned <= 1, null, state);
        require(seen == 0 || returned == 0, null, state);
        require(
                seen > 0 || returned == 1 || kept,
                null,
                "a thing is lost: " + state + ", of root " + roots.indexOf(root));
    }

    private static boolean contains(@Nullable Object value, Thing thing) {
        return value == thing
                || (value instanceof List<?> list && list.stream().anyMatch(each -> contains(each, thing)));
    }

    /** Looks at every value that can still be seen: each thing was there, or has gone back. */
    void lookAtAll() {
        for (Node node : nodes) {
            if (node.future.failure() == null) {
                see(node.future.result());
            }
        }
        for (Map.Entry<Promise<Object>, Thing> each : things.entrySet()) {
            Thing thing = each.getValue();
            require(
                    each.getKey().hasFailed() || (thing.seen.get() > 0) != (thing.returned.get() == 1),
                    null,
                    "a thing was seen " + thing.seen + " times, and is back " + thing.returned + " times");
        }
    }

    private void require(boolean condition, @Nullable Node node, String what) {
        if (!condition) {
            String which = node == null ? "" : node.made + " (" + node.future + "): ";
            throw new AssertionError(which + what);
        }
    }
}
