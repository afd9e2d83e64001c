/** Codecs written for Netty, in Rill's pipelines: {@link rill.bridge.netty.NettyHandlers}. */
package rill.bridge.netty;
