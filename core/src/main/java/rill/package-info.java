/**
 * The loop, what it schedules, and what people build with it: {@link rill.Loop}, {@link rill.Future},
 * {@link rill.Task}; {@link rill.Codec} and {@link rill.Pipeline}; {@link rill.Connection}, {@link rill.Client},
 * {@link rill.Listener}.
 */
package rill;
