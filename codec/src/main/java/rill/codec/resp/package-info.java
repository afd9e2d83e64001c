/** RESP 2 and RESP3, the protocol of Redis: {@link rill.codec.resp.Resp} is the way in. */
package rill.codec.resp;
