package rill.testkit;

import java.net.SocketOption;

/** An option that no transport has. */
final class StrangeOption implements SocketOption<Boolean> {
    static final StrangeOption INSTANCE = new StrangeOption();

    private StrangeOption() {}

    @Override
    public String name() {
        return "NO_SUCH_OPTION";
    }

    @Override
    public Class<Boolean> type() {
        return Boolean.class;
    }
}
