package rill.transport.epoll.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

/** Finding the member to which an event's data refers. */
class RegistrationsTest {
    private final Registrations<Member> registrations = new Registrations<>();

    private static final class Member {}

    @Test
    void an_event_of_one_that_has_gone_does_not_reach_the_next_in_its_slot() {
        var first = new Member();
        int slot = registrations.add(first);
        long stale = registrations.data(slot);
        assertThat(registrations.find(stale)).isSameAs(first);
        registrations.remove(slot);
        assertThat(registrations.find(stale)).isNull();
        var second = new Member();
        assertThat(registrations.add(second)).as("the slot").isEqualTo(slot);
        long fresh = registrations.data(slot);
        assertThat(registrations.find(stale)).isNull();
        assertThat(registrations.find(fresh)).isSameAs(second);
    }

    @Test
    void many_come_and_go_and_each_is_found_by_its_own_data_only() {
        var data = new ArrayList<Long>();
        var slots = new ArrayList<Integer>();
        var members = new ArrayList<Member>();
        var everSeen = new HashSet<Long>();
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 40; i++) {
                var member = new Member();
                int slot = registrations.add(member);
                long its = registrations.data(slot);
                assertThat(everSeen.add(its)).as("never the same again").isTrue();
                data.add(its);
                slots.add(slot);
                members.add(member);
            }
            for (int i = 0; i < 30; i++) {
                registrations.remove(slots.removeFirst());
                data.removeFirst();
                members.removeFirst();
            }
            for (int i = 0; i < data.size(); i++) {
                assertThat(registrations.find(data.get(i))).isSameAs(members.get(i));
            }
        }
        assertThat(registrations.all()).hasSameElementsAs(members).hasSize(members.size());
    }

    @Test
    void what_a_wakeup_carries_is_nobody() {
        registrations.add(new Member());
        assertThat(registrations.find(Registrations.NONE)).isNull();
        assertThat(registrations.find(77)).isNull();
    }
}
