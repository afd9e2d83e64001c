/**
 * Codecs. Framings: {@link rill.codec.LengthField}, {@link rill.codec.Lines}, {@link rill.codec.Delimited}, {@link rill.codec.FixedLength}. The
 * content of frames: {@link rill.codec.Text}. Whole protocols: {@link rill.codec.resp.Resp}.
 */
package rill.codec;
