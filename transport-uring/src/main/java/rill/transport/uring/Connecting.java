package rill.transport.uring;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * How a {@link UringWire} that was not accepted becomes open: by a request, or, to a Unix domain socket, by a call.
 *
 * <pre>
 *  WANTED ──advance──▶ UNDER WAY ──▶ connected, or not
 *    ▲                    │ interrupted, and the kernel continues: until the socket is writable
 *    └────────────────────┘
 *
 *  by a call ──▶ connected, or not
 *    ▲     │ the listener has no room
 *    └─────┘ a little later: no request waits for that
 * </pre>
 */
final class Connecting {
    private final UringWire wire;
    private final UringSelector selector;
    private final SocketAddress remote;
    private boolean underWay;
    private boolean cancelled;
    private boolean writableWanted; // before that is decided
    private boolean awaitsWritable; // instead of connecting

    Connecting(UringWire wire, UringSelector selector) {
        this.wire = wire;
        this.selector = selector;
        remote = wire.remoteAddress();
    }

    private boolean isByRequest() {
        return remote instanceof InetSocketAddress;
    }

    /** Connects with the next enter, or at once if it is to a Unix domain socket. */
    void start() throws IOException {
        if (isByRequest()) {
            wire.changed();
        } else {
            call();
        }
    }

    private void call() throws IOException {
        SocketAddressArea address = selector.memory().address;
        int size = address.put(remote, SocketAddressArea.AF_UNIX);
        int result;
        do {
            result = LibC.connect(selector.memory().errno, wire.fd(), address.at(), size);
        } while (result == -Errno.EINTR);
        switch (-result) {
            case 0, Errno.EISCONN -> wire.startConnected();
            case Errno.EAGAIN -> selector.later(wire);
            default -> throw Errno.connecting(-result);
        }
    }

    /** Tries again, a little later. */
    void again() {
        if (isByRequest()) {
            wire.changed();
            return;
        }
        try {
            call();
        } catch (IOException e) {
            wire.startFailed(e);
        }
    }

    // ---- the request

    void advance() {
        if (underWay || !isByRequest()) {
            return;
        }
        if (writableWanted) {
            wire.requestWritable(Request.CONNECT);
            writableWanted = false;
            awaitsWritable = true;
            underWay = true;
            return;
        }
        long address;
        int size;
        try {
            SocketAddressArea area = selector.memory().address;
            size = area.put(remote, SocketAddressArea.familyOf(remote));
            if (selector.scratch().isFull()) {
                wire.changed(); // with the next enter instead
                return;
            }
            address = selector.scratch().address(area, size);
        } catch (IOException e) {
            wire.startFailed(e);
            return;
        }
        selector.requests().make(Request.CONNECT_TO, wire.fd(), size, address, 0, 0, 0, wire.data(Request.CONNECT));
        underWay = true;
    }

    boolean isUnderWay() {
        return underWay;
    }

    void cancel() {
        if (underWay && !cancelled) {
            cancelled = true;
            selector.requests().cancel(wire.data(Request.CONNECT), wire.data(Request.CANCEL));
        }
    }

    /** Allows another try, because the kernel may not have cancelled the request: it is asked again if there is still something to cancel. */
    void cancelAgain() {
        cancelled = false;
    }

    void answered(int result) {
        boolean hasWaited = awaitsWritable;
        awaitsWritable = false;
        underWay = false;
        selector.requests().over();
        if (wire.isClosed()) {
            return;
        }
        int outcome = hasWaited && result > 0 ? -selector.options().socketError(wire.fd()) : result;
        switch (-outcome) {
            case 0, Errno.EISCONN -> wire.nowConnected();
            case Errno.EALREADY, Errno.EINPROGRESS -> { // an earlier request was interrupted, and the kernel continues
                writableWanted = true;
                wire.changed();
            }
            case Errno.EINTR -> wire.changed();
            default -> wire.startFailed(Errno.connecting(-outcome));
        }
    }
}
