package rill.examples.poll;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/** A listening socket. */
final class PollAcceptor extends ReadinessAcceptor {
    private static final int MOST_WAITING = 4096;

    private final PollSelector selector;
    private final Descriptor descriptor;

    PollAcceptor(PollSelector selector, Descriptor descriptor, AcceptListener listener) throws IOException {
        super(listener);
        this.selector = selector;
        this.descriptor = descriptor;
        try {
            descriptor.set(StandardSocketOptions.SO_REUSEADDR, true);
        } catch (IOException e) {
            descriptor.close();
            throw e;
        }
        selector.interest(this, descriptor.fd(), 0);
    }

    @Override
    protected PollSelector selector() {
        return selector;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        descriptor.set(option, value);
    }

    @Override
    protected void bind(SocketAddress wanted, int backlog) throws IOException {
        int result = descriptor.with(LibC.BIND, wanted);
        if (result < 0) {
            throw LibC.failure(-result);
        }
    }

    @Override
    protected void listen(int backlog) throws IOException {
        LibC.check(LibC.LISTEN, descriptor.fd(), backlog == 0 ? MOST_WAITING : backlog);
    }

    @Override
    protected SocketAddress boundAddress() throws IOException {
        return descriptor.localAddress();
    }

    @Override
    protected void interest(boolean accept) {
        selector.interest(this, descriptor.fd(), accept ? PollSelector.IN : 0);
    }

    @Override
    protected @Nullable PollAccepted accept() throws IOException {
        Descriptor.Accepted accepted = descriptor.accept();
        return switch (-accepted.fd()) {
            case LibC.EAGAIN -> null;
            case LibC.ECONNABORTED, LibC.EPROTO -> throw new Gone(LibC.failure(-accepted.fd()));
            default -> {
                if (accepted.fd() < 0) {
                    throw LibC.failure(-accepted.fd());
                }
                var its = new Descriptor(accepted.fd());
                try {
                    yield new PollAccepted(its, its.localAddress(), accepted.remote());
                } catch (IOException | RuntimeException | Error e) {
                    its.close();
                    throw e;
                }
            }
        };
    }

    @Override
    protected void closeSocket() {
        selector.forget(this);
        descriptor.close();
    }
}
