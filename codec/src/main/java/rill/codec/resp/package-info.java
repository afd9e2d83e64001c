/** RESP 2 and RESP3, the protocol of Redis. Start at {@link rill.codec.resp.Resp}. */
package rill.codec.resp;
