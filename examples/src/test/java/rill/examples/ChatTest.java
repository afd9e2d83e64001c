package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class ChatTest {
    private static Caller join(RunningServer room, String name) throws IOException {
        Caller caller = room.caller();
        assertThat(caller.line()).isEqualTo("your name?");
        caller.send(name + "\n");
        return caller;
    }

    @Test
    void members_hear_who_comes_what_is_said_and_who_leaves() throws IOException {
        try (var room = new RunningServer(Chat::serve);
                var ann = join(room, "Ann")) {
            assertThat(ann.line()).isEqualTo("* here are: Ann");
            try (var bob = join(room, "Bob")) {
                assertThat(bob.line()).isEqualTo("* here are: Ann, Bob");
                assertThat(ann.line()).isEqualTo("* Bob has joined");
                ann.send("hello\r\nhow are you?\n");
                assertThat(bob.line()).isEqualTo("Ann: hello");
                assertThat(bob.line()).isEqualTo("Ann: how are you?");
                bob.send("fine\n");
                assertThat(ann.line()).isEqualTo("Bob: fine");
            }
            assertThat(ann.line()).isEqualTo("* Bob has left");
        }
    }

    @Test
    void a_name_that_is_taken_or_empty_is_refused() throws IOException {
        try (var room = new RunningServer(Chat::serve);
                var ann = join(room, "Ann")) {
            assertThat(ann.line()).isEqualTo("* here are: Ann");
            for (String name : new String[] {"Ann", "", "  "}) {
                try (var refused = join(room, name)) {
                    assertThat(refused.readToEnd()).contains("empty or taken");
                }
            }
            try (var bob = join(room, "Bob")) {
                assertThat(bob.line()).isEqualTo("* here are: Ann, Bob");
            }
            // If Ann left with unread input, her connection would end with a reset.
            assertThat(ann.line()).isEqualTo("* Bob has joined");
            assertThat(ann.line()).isEqualTo("* Bob has left");
        }
    }

    @Test
    void one_who_sends_an_endless_line_is_cut_off_and_has_left_for_the_others() throws IOException {
        try (var room = new RunningServer(Chat::serve);
                var ann = join(room, "Ann")) {
            assertThat(ann.line()).isEqualTo("* here are: Ann");
            try (var bob = join(room, "Bob")) {
                assertThat(ann.line()).isEqualTo("* Bob has joined");
                bob.send("x".repeat(10_000));
                assertThat(ann.line()).isEqualTo("* Bob has left");
            }
        }
    }

    @Test
    void one_who_leaves_without_a_name_was_never_there() throws IOException {
        try (var room = new RunningServer(Chat::serve)) {
            room.caller().close();
            try (var ann = join(room, "Ann")) {
                assertThat(ann.line()).isEqualTo("* here are: Ann");
            }
        }
    }

    @Test
    @Tag("slow")
    void one_who_does_not_read_misses_lines_and_holds_up_nobody() throws IOException {
        String text = "x".repeat(8_000);
        try (var room = new RunningServer(Chat::serve);
                var zoe = join(room, "Zoe");
                var bob = join(room, "Bob");
                var ann = join(room, "Ann")) {
            assertThat(ann.line()).startsWith("* here are");
            assertThat(bob.line()).startsWith("* here are");
            assertThat(bob.line()).isEqualTo("* Ann has joined");
            for (int i = 0; i < 2_000; i++) { // more than all buffers between the room and Zoe hold
                ann.send(text + i + "\n");
                assertThat(bob.line()).isEqualTo("Ann: " + text + i);
            }
            String line = zoe.line();
            while (!line.startsWith("* you have missed")) {
                line = zoe.line();
            }
            assertThat(line).matches("\\* you have missed [1-9][0-9]* lines");
            ann.send("good morning\n");
            assertThat(zoe.line()).isEqualTo("Ann: good morning");
            zoe.close(); // each only once all is read, or the connection would end with a reset
            assertThat(bob.line()).isEqualTo("Ann: good morning");
            assertThat(bob.line()).isEqualTo("* Zoe has left");
            assertThat(ann.line()).isEqualTo("* Zoe has left");
            bob.close();
            assertThat(ann.line()).isEqualTo("* Bob has left");
        }
    }
}
