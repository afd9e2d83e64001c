package rill.transport.epoll;

import java.time.Duration;

/**
 * What the kernel knows about one TCP connection at one moment.
 *
 * <p><b>Source:</b> {@code struct tcp_info} in {@code uapi/linux/tcp.h}. Values that an older kernel does not provide are 0.
 *
 * @param state the state of the connection
 * @param rtt the smoothed round-trip time
 * @param rttVariance how much the round-trip time varies
 * @param minRtt the smallest round-trip time seen
 * @param retransmissionTimeout how long the kernel currently waits for an acknowledgement
 * @param retransmitting retransmissions so far without an answer; normally 0
 * @param retransmissions segments sent again since the connection was established
 * @param unacknowledged segments in flight
 * @param lost segments believed lost
 * @param congestionWindow segments that may be in flight
 * @param sendMss bytes of a segment
 * @param unsentBytes bytes that wait in the kernel and were never sent
 * @param acknowledgedBytes bytes that have reached the peer
 * @param receivedBytes bytes received from the peer
 */
public record TcpInfo(
        State state,
        Duration rtt,
        Duration rttVariance,
        Duration minRtt,
        Duration retransmissionTimeout,
        int retransmitting,
        long retransmissions,
        long unacknowledged,
        long lost,
        long congestionWindow,
        long sendMss,
        long unsentBytes,
        long acknowledgedBytes,
        long receivedBytes) {
    /** The states of a TCP connection (RFC 9293, section 3.3.2), in the kernel's order. */
    public enum State {
        /** A number that this version has no name for. */
        UNKNOWN,
        /** Open. */
        ESTABLISHED,
        /** Connecting. */
        SYN_SENT,
        /** Being accepted. */
        SYN_RECEIVED,
        /** Output ended, not yet acknowledged. */
        FIN_WAIT_1,
        /** Output ended. */
        FIN_WAIT_2,
        /** Over; waiting for late segments. */
        TIME_WAIT,
        /** Over. */
        CLOSED,
        /** Input ended. */
        CLOSE_WAIT,
        /** Both ended, the last not yet acknowledged. */
        LAST_ACK,
        /** Listening. */
        LISTEN,
        /** Both ended at the same time. */
        CLOSING
    }
}
