"""Run every benchmark, or those that are named: ``python -m bench cache``."""

from __future__ import annotations

import os
import sys

from bench import cache

BENCHMARKS = {"cache": cache.run}


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BENCHMARKS):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
        return 2
    for name in names or BENCHMARKS:
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{name} (load {load}, {os.cpu_count()} cores)")
        BENCHMARKS[name]()
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
