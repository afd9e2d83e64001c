/**
 * The harness: starts servers, clients and load in separate processes, pairs their runs, and writes the report. The measured programs are in
 * {@code program}, the micro benchmarks in {@code micro}.
 */
package rill.bench;
