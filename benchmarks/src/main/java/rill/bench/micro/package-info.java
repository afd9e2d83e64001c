/**
 * Micro benchmarks: each class is one subject, each method one contestant. Public, because JMH's generated code calls them. How they
 * are run is in {@code MicroBenchmark}.
 */
package rill.bench.micro;
