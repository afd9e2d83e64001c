package rill;

import java.util.List;

/**
 * Puts a pipeline on a connection: as its first one, or in place of another.
 *
 * <pre>
 *  may it be replaced? ──▶ each codec opens its session ──▶ named: a Connection of its types ──▶ replaces the stages before
 *         └──────────────────────────┴───▶ it throws: nothing has changed
 *
 *  before:  layer A   layer B   codec C              A and B are the same in both: they stay, with their state
 *  next:    layer A   layer B   layer D   codec E    D and E are new; what C had not consumed goes to D
 * </pre>
 *
 * <p>If the connection is closing, only the name changes: the new receiver is notified of what the old one was.
 */
final class Installation<R, W> {
    private final Link link;
    private final Stack stack;
    private final Pipeline<R, W> next;
    private int kept; // number of layers, from the bottom, that stay as they are

    private Installation(Link link, Pipeline<R, W> next) {
        this.link = link;
        this.stack = link.stack();
        this.next = next;
    }

    /** Installs the first pipeline. Called when connected. */
    static <R, W> Connection<R, W> first(Link link, Pipeline<R, W> above) {
        return new Installation<>(link, routed(link, above)).install();
    }

    /** Installs another pipeline in place of the present one. */
    static <R, W> Connection<R, W> become(Link link, Pipeline<R, W> above) {
        return new Installation<>(link, routed(link, above)).replace();
    }

    /** Installs another codec on top of the present byte layers. */
    static <R, W> Connection<R, W> become(Link link, Codec<R, W> top) {
        return new Installation<>(link, link.pipeline().beneath(top)).replace();
    }

    /** Puts {@code above} on top of the layers that lead to the target, and of the layer that logs the bytes of the wire. */
    private static <R, W> Pipeline<R, W> routed(Link link, Pipeline<R, W> above) {
        Route route = link.route();
        Pipeline<R, W> whole = route == null ? above : route.beneath(above);
        WireLog log = WireLog.wanted(link.localAddress(), link.remoteAddress());
        return log == null ? whole : whole.over(log);
    }

    private Connection<R, W> replace() {
        if (link.outbound().inSession()) {
            throw new IllegalStateException("become: within a call of a session of " + link);
        }
        if (link.receives()) {
            kept = link.pipeline().shared(next);
            requireReplaceable();
            if (!link.outbound().encodeThrough() && link.open()) {
                throw new IllegalStateException("become: a layer of " + link + " still holds back writes");
            }
        }
        if (link.receives()) { // checked again, since a layer may have failed
            return install();
        }
        link.inbound().replaceReceiver();
        return link.rename(next);
    }

    private Connection<R, W> install() {
        Stage[] stages = opened();
        Connection<R, W> fresh = link.rename(next);
        link.attempt(() -> link.inbound().install(stages, kept)); // if there is no memory, the connection fails
        return fresh;
    }

    /** Throws if replacing a stage would lose bytes that it has decoded already, or may have. */
    private void requireReplaceable() {
        for (int i = kept; i < stack.size(); i++) {
            if (!stack.get(i).session.replaceable()) {
                throw new IllegalStateException("become: " + stack.get(i).name()
                        + " can't be replaced, since it can't give back the bytes that it has taken");
            }
        }
        for (int i = kept + 1; i < stack.size(); i++) {
            if (stack.get(i).hasRest()) {
                throw new IllegalStateException("become: " + stack.get(i).restBytes()
                        + " bytes were decoded by a layer that is to be replaced; keep that layer, or stop() earlier");
            }
        }
    }

    /** Opens the stages of the pipeline, from the bottom. If a codec can't open a session, the opened ones are closed. */
    private Stage[] opened() {
        List<ByteLayer> layers = next.layers();
        int size = layers.size() + 1;
        var stages = new Stage[size];
        for (int i = 0; i < kept; i++) {
            stages[i] = stack.get(i);
        }
        int opened = kept;
        try {
            for (; opened < size; opened++) {
                boolean onTop = opened == size - 1;
                Codec<?, ?> codec = onTop ? next.codec() : layers.get(opened);
                stages[opened] = new Stage(link.inbound(), link.loop(), codec, onTop);
            }
        } finally {
            for (int i = kept; opened < size && i < opened; i++) {
                stages[i].close();
            }
        }
        return stages;
    }
}
