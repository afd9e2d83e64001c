/**
 * Proxies. To reach a server through one: {@link rill.codec.proxy.Socks5} and {@link rill.codec.proxy.HttpConnect}, for
 * {@link rill.ConnectOptions#proxy}. To learn from a proxy who the client is, or to tell a server: {@link rill.codec.proxy.ProxyProtocol}.
 */
package rill.codec.proxy;
