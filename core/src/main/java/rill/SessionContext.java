package rill;

import java.net.SocketAddress;
import java.util.random.RandomGenerator;

/**
 * What a session may know of where it runs.
 *
 * @param random the loop's randomness, the only one that a session uses; on the loop only
 * @param remoteAddress the peer
 */
public record SessionContext(RandomGenerator random, SocketAddress remoteAddress) {}
