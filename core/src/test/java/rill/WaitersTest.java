package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** One of several waiters for the same thing that can't be notified does not keep the others from it. */
class WaitersTest {
    private final Loops loops = Loops.manual();
    private final Refusing driver = new Refusing();
    private final Loop refusing = driver.open(loops);
    private final Loop loop = loops.open();
    private final List<Promise<Void>> promises = new ArrayList<>();

    @AfterEach
    void close() {
        driver.refuses = 0;
        loops.close();
    }

    /** Three promises, the first of which can't be notified. */
    private List<Promise<Void>> promises() {
        for (Loop each : List.of(refusing, loop, loop)) {
            Promise<Void> promise = each.promise();
            promise.onDone((nothing, failure) -> {}); // so that there is a callback to notify
            promises.add(promise);
        }
        driver.refuses = Refusing.ALWAYS;
        return promises;
    }

    private void expectAllDone() {
        assertThat(promises).allMatch(Future::isDone);
        assertThat(loops.reporter().take(Report.Thrown.class)).isNotEmpty();
    }

    @Test
    void those_who_wait_to_write() {
        var waiters = new OutputWaiters();
        promises().forEach(waiters::addWriter);
        waiters.completeWriters();
        expectAllDone();
    }

    @Test
    void those_who_wait_for_a_flush() {
        var waiters = new OutputWaiters();
        promises().forEach(waiters::addFlush);
        waiters.upTo(1);
        waiters.completeFlushes(1);
        expectAllDone();
    }

    @Test
    void those_who_wait_for_bytes_of_a_connection_that_is_gone() {
        var waiters = new OutputWaiters();
        List<Promise<Void>> all = promises();
        waiters.addFlush(all.get(0));
        waiters.addFlush(all.get(1));
        waiters.addWriter(all.get(2));
        waiters.failAll(new IOException("refused"), new IOException("gone"));
        expectAllDone();
    }

    @Test
    void a_flush_is_done_with_the_bytes_that_were_there_when_a_layer_let_them_go() {
        var waiters = new OutputWaiters();
        List<Promise<Void>> flushes = List.of(loop.promise(), loop.promise(), loop.promise(), loop.promise());
        waiters.addFlush(flushes.get(0));
        waiters.upTo(10);
        waiters.addFlush(flushes.get(1));
        waiters.addFlush(flushes.get(2));
        waiters.upTo(20);
        waiters.upTo(30);
        waiters.addFlush(flushes.get(3));
        waiters.completeFlushes(10);
        assertThat(flushes).extracting(Future::isDone).containsExactly(true, false, false, false);
        waiters.completeFlushes(20);
        assertThat(flushes).extracting(Future::isDone).containsExactly(true, true, true, false);
        waiters.completeFlushes(1_000);
        assertThat(flushes.get(3).isDone())
                .as("a layer holds back what is before it")
                .isFalse();
    }

    @Test
    void flushes_that_were_given_up_are_not_kept_although_nothing_leaves() {
        var waiters = new OutputWaiters();
        Promise<Void> first = loop.promise();
        waiters.addFlush(first);
        for (int i = 0; i < 10_000; i++) {
            Promise<Void> given = loop.promise();
            waiters.addFlush(given);
            given.cancel();
            waiters.upTo(i);
        }
        assertThat(waiters.flushes()).isLessThan(100);
        waiters.completeFlushes(0);
        assertThat(first.isDone()).isTrue();
    }

    @Test
    void those_who_wait_for_room() {
        var waiters = new RoomWaiters();
        var told = new ArrayList<Future<?>>();
        for (Loop each : List.of(refusing, loop)) {
            told.add(waiters.add(each, "a caller").onDone((nothing, failure) -> {}));
        }
        driver.refuses = Refusing.ALWAYS;
        waiters.tell();
        assertThat(told).allMatch(Future::isDone);
        loops.reporter().take(Report.Thrown.class);
    }

    @Test
    void those_of_any_list() {
        var told = new ArrayList<Integer>();
        Each.of(List.of(1, 2, 3), loop, "telling", null, each -> {
            if (each == 1) {
                throw new StackOverflowError("on purpose");
            }
            told.add(each);
        });
        assertThat(told).containsExactly(2, 3);
        assertThat(loops.reporter().take(Report.Thrown.class)).hasSize(1);
    }
}
