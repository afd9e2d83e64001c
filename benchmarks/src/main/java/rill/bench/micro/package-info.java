/**
 * Micro benchmarks: each class is one subject, each method one contestant. They are public because JMH's generated code calls them.
 * {@code MicroBenchmark} runs them.
 */
package rill.bench.micro;
