/** Codecs that were written for Netty, in pipelines of Rill: {@link rill.bridge.netty.NettyHandlers}. */
package rill.bridge.netty;
