package rill.transport.epoll;

/**
 * The identity of the other end of a Unix domain socket: the credentials that the peer had when it connected or began to listen.
 *
 * <p><b>Source:</b> SO_PEERCRED in unix(7).
 *
 * @param pid the process, or 0 if it is not visible from here
 * @param uid the effective user
 * @param gid the effective group
 */
public record PeerCredentials(int pid, int uid, int gid) {}
