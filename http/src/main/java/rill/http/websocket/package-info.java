/**
 * WebSocket, RFC 6455, with permessage-deflate, RFC 7692: a pure codec, and the opening handshake that leads to it.
 * {@link rill.http.websocket.WebSocket} is the entry point.
 */
package rill.http.websocket;
