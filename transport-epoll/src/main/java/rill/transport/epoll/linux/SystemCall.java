package rill.transport.epoll.linux;

/**
 * The numbers of the system calls used here.
 *
 * <p><b>Source:</b> {@code asm/unistd_64.h} for x86-64; {@code asm-generic/unistd.h}, which aarch64 follows. Linux never changes their meaning.
 */
public enum SystemCall {
    ACCEPT4(288, 242),
    BIND(49, 200),
    CLOSE(3, 57),
    CONNECT(42, 203),
    EPOLL_CREATE1(291, 20),
    EPOLL_CTL(233, 21),
    EPOLL_PWAIT(281, 22),
    EPOLL_PWAIT2(441, 441),
    EVENTFD2(290, 19),
    GETSOCKNAME(51, 204),
    GETSOCKOPT(55, 209),
    IO_URING_ENTER(426, 426),
    IO_URING_REGISTER(427, 427),
    IO_URING_SETUP(425, 425),
    IOCTL(16, 29),
    LISTEN(50, 201),
    MMAP(9, 222),
    MUNMAP(11, 215),
    RECVFROM(45, 207),
    SENDMSG(46, 211),
    SENDTO(44, 206),
    SETSOCKOPT(54, 208),
    SHUTDOWN(48, 210),
    SOCKET(41, 198),
    SOCKETPAIR(53, 199),
    WRITE(1, 64);

    private final int x86;
    private final int aarch64;

    SystemCall(int x86, int aarch64) {
        this.x86 = x86;
        this.aarch64 = aarch64;
    }

    /** Returns its number on this architecture. */
    public int on(Architecture architecture) {
        return architecture == Architecture.AARCH64 ? aarch64 : x86;
    }
}
