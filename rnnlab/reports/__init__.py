"""Tables and figures of runs: reads records and writes files, and computes no experiment."""
