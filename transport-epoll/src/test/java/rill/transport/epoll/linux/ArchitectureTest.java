package rill.transport.epoll.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layouts of the kernel's structures, compared with each architecture's rules and with the C compiler on this machine. */
class ArchitectureTest {
    @Test
    void on_x86_64_an_event_is_packed() {
        StructLayout packed = MemoryLayout.structLayout(
                ValueLayout.JAVA_INT.withName("events"),
                ValueLayout.JAVA_LONG.withByteAlignment(4).withName("data"));
        assertThat(Architecture.X86_64.eventSize).isEqualTo(packed.byteSize()).isEqualTo(12);
        assertThat(Architecture.X86_64.dataOffset).isEqualTo(packed.byteOffset(PathElement.groupElement("data")));
    }

    @Test
    void on_aarch64_the_data_of_an_event_are_aligned() {
        StructLayout aligned = MemoryLayout.structLayout(
                ValueLayout.JAVA_INT.withName("events"),
                MemoryLayout.paddingLayout(4),
                ValueLayout.JAVA_LONG.withName("data"));
        assertThat(Architecture.AARCH64.eventSize).isEqualTo(aligned.byteSize()).isEqualTo(16);
        assertThat(Architecture.AARCH64.dataOffset).isEqualTo(aligned.byteOffset(PathElement.groupElement("data")));
    }

    @Test
    void the_names_that_the_jdk_has_for_them_are_known_and_no_others() {
        assertThat(Architecture.named("amd64")).isEqualTo(Architecture.X86_64);
        assertThat(Architecture.named("aarch64")).isEqualTo(Architecture.AARCH64);
        assertThat(Architecture.named("riscv64")).isNull();
        assertThat(Architecture.named("x86")).isNull();
    }

    @Test
    void the_numbers_of_system_calls_are_those_of_the_kernels_headers() throws Exception {
        agrees(Architecture.X86_64, Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"));
        agrees(Architecture.AARCH64, Path.of("/usr/include/asm-generic/unistd.h"));
    }

    private static void agrees(Architecture architecture, Path header) throws Exception {
        if (!Files.isReadable(header)) {
            System.out.println("not compared for " + architecture + ": there is no " + header + " here");
            return;
        }
        String text = Files.readString(header);
        for (SystemCall each : SystemCall.values()) {
            assertThat(text)
                    .as("%s on %s", each, architecture)
                    .containsPattern("#define __NR(3264)?_" + each.name().toLowerCase(Locale.ROOT) + "\\s+"
                            + each.on(architecture) + "\\s");
        }
    }

    private static final String PROBE = """
            #define _GNU_SOURCE
            #include <stdio.h>
            #include <stddef.h>
            #include <errno.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/ioctl.h>
            #include <sys/socket.h>
            #include <sys/un.h>
            #include <netinet/in.h>
            #include <linux/tcp.h>
            #include <linux/sockios.h>
            #define P(x) printf(#x "=%ld\\n", (long) (x))
            int main(void) {
              P(sizeof(struct epoll_event)); P(offsetof(struct epoll_event, data));
              P(EPOLLIN); P(EPOLLOUT); P(EPOLLERR); P(EPOLLHUP); P(SOCK_NONBLOCK); P(SOCK_CLOEXEC);
              P(EPOLL_CLOEXEC); P(EFD_NONBLOCK); P(MSG_NOSIGNAL); P(SIOCOUTQ);
              P(offsetof(struct msghdr, msg_iov)); P(offsetof(struct msghdr, msg_iovlen)); P(sizeof(struct msghdr));
              P(sizeof(struct sockaddr_in)); P(offsetof(struct sockaddr_in, sin_addr));
              P(sizeof(struct sockaddr_in6)); P(offsetof(struct sockaddr_in6, sin6_addr));
              P(offsetof(struct sockaddr_in6, sin6_scope_id)); P(sizeof(((struct sockaddr_un *) 0)->sun_path));
              P(AF_UNIX); P(AF_INET); P(AF_INET6);
              P(offsetof(struct tcp_info, tcpi_rtt)); P(offsetof(struct tcp_info, tcpi_rttvar));
              P(offsetof(struct tcp_info, tcpi_min_rtt)); P(offsetof(struct tcp_info, tcpi_rto));
              P(offsetof(struct tcp_info, tcpi_total_retrans)); P(offsetof(struct tcp_info, tcpi_unacked));
              P(offsetof(struct tcp_info, tcpi_lost)); P(offsetof(struct tcp_info, tcpi_snd_cwnd));
              P(offsetof(struct tcp_info, tcpi_snd_mss)); P(offsetof(struct tcp_info, tcpi_notsent_bytes));
              P(offsetof(struct tcp_info, tcpi_bytes_acked)); P(offsetof(struct tcp_info, tcpi_bytes_received));
              P(EAGAIN); P(EINTR); P(EMFILE); P(ENOSYS); P(EADDRINUSE); P(ECONNABORTED); P(ECONNRESET); P(EINPROGRESS);
              P(ECONNREFUSED); P(ETIMEDOUT); P(EHOSTUNREACH); P(EISCONN); P(EALREADY); P(EPROTO);
              return 0;
            }
            """;

    /** What this transport assumes on every architecture. */
    private static final String SAME_EVERYWHERE = """
            EPOLLIN=1 EPOLLOUT=4 EPOLLERR=8 EPOLLHUP=16 SOCK_NONBLOCK=2048 SOCK_CLOEXEC=524288
            EPOLL_CLOEXEC=524288 EFD_NONBLOCK=2048 MSG_NOSIGNAL=16384 SIOCOUTQ=21521
            offsetof(struct msghdr, msg_iov)=16 offsetof(struct msghdr, msg_iovlen)=24 sizeof(struct msghdr)=56
            sizeof(struct sockaddr_in)=16 offsetof(struct sockaddr_in, sin_addr)=4
            sizeof(struct sockaddr_in6)=28 offsetof(struct sockaddr_in6, sin6_addr)=8
            offsetof(struct sockaddr_in6, sin6_scope_id)=24 sizeof(((struct sockaddr_un *) 0)->sun_path)=108
            AF_UNIX=1 AF_INET=2 AF_INET6=10
            offsetof(struct tcp_info, tcpi_rtt)=68 offsetof(struct tcp_info, tcpi_rttvar)=72
            offsetof(struct tcp_info, tcpi_min_rtt)=148 offsetof(struct tcp_info, tcpi_rto)=8
            offsetof(struct tcp_info, tcpi_total_retrans)=100 offsetof(struct tcp_info, tcpi_unacked)=24
            offsetof(struct tcp_info, tcpi_lost)=32 offsetof(struct tcp_info, tcpi_snd_cwnd)=80
            offsetof(struct tcp_info, tcpi_snd_mss)=16 offsetof(struct tcp_info, tcpi_notsent_bytes)=144
            offsetof(struct tcp_info, tcpi_bytes_acked)=120 offsetof(struct tcp_info, tcpi_bytes_received)=128
            EAGAIN=11 EINTR=4 EMFILE=24 ENOSYS=38 EADDRINUSE=98 ECONNABORTED=103 ECONNRESET=104 EINPROGRESS=115
            ECONNREFUSED=111 ETIMEDOUT=110 EHOSTUNREACH=113 EISCONN=106 EALREADY=114 EPROTO=71
            """;

    @Test
    @Tag("slow")
    void the_c_compiler_here_says_the_same(@TempDir Path folder) throws Exception {
        Path gcc = Path.of("/usr/bin/gcc");
        Assumptions.assumeTrue(Files.isExecutable(gcc), "there is no " + gcc + " to ask");
        Path source = Files.writeString(folder.resolve("probe.c"), PROBE);
        Path program = folder.resolve("probe");
        assertThat(run(gcc.toString(), "-o", program.toString(), source.toString()))
                .isEmpty();
        Architecture here = Architecture.here();
        assertThat(here).isNotNull();
        String expected = "sizeof(struct epoll_event)=" + here.eventSize + " offsetof(struct epoll_event, data)="
                + here.dataOffset + " " + SAME_EVERYWHERE;
        String said = run(program.toString());
        assertThat(said.lines()).hasSizeGreaterThan(40);
        assertThat(said.replaceAll("\\s+", " ")).isEqualTo(expected.replaceAll("\\s+", " "));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it has ended").isTrue();
            assertThat(process.exitValue()).as(output).isZero();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
