/**
 * Ways through others. To reach a server by way of a proxy: {@link rill.codec.proxy.Socks5} and {@link rill.codec.proxy.HttpConnect}, for
 * {@link rill.ConnectOptions#through}. To be told by a proxy, or to tell a server, who the client is: {@link rill.codec.proxy.ProxyProtocol}.
 */
package rill.codec.proxy;
