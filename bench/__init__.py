"""Benchmarks: peers beside us in one run, ratios printed; ``make bench``."""
