package rill.transport.epoll;

import java.io.IOException;

/**
 * One descriptor and what epoll is to tell about it. The descriptor's owner: it is closed here, once.
 *
 * <p><b>Threading:</b> the selector's driver.
 */
final class Watch {
    static final int IN = 0x1;
    static final int OUT = 0x4;
    static final int ERR = 0x8;
    static final int HUP = 0x10;

    private static final int ADD = 1;
    private static final int DELETE = 2;
    private static final int MODIFY = 3;
    private static final int CLOSED = -1;

    private final EpollSelector selector;
    private final long data;
    private int fd;
    private int mask;

    Watch(EpollSelector selector, int fd, Registrations.Watched receiver) {
        this.selector = selector;
        this.fd = fd;
        this.data = selector.registrations().add(receiver);
    }

    int fd() {
        return fd;
    }

    boolean isOpen() {
        return fd != CLOSED;
    }

    /**
     * Asks for these events. With none the descriptor leaves epoll altogether: errors and hang-ups are told of whatever is in,
     * and as long as nobody deals with them every wait would return at once.
     */
    void events(int wanted) throws IOException {
        if (wanted == mask || fd == CLOSED) {
            return;
        }
        int operation = mask == 0 ? ADD : wanted == 0 ? DELETE : MODIFY;
        NativeMemory memory = selector.memory();
        Errno.check(LibC.epollCtl(memory.errno, selector.epoll(), operation, fd, memory.event(wanted, data)));
        mask = wanted;
    }

    /**
     * Closes it. That takes it out of epoll as well, unless a child process that is just being started holds it for another
     * moment; the events of that moment mean nobody.
     */
    void close() {
        if (fd != CLOSED) {
            int closing = fd;
            fd = CLOSED;
            selector.registrations().remove(data);
            LibC.close(closing);
        }
    }
}
