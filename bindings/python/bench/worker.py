"""One engine and one thing to measure, in a process of its own: `worker.py ENGINE name=value...`.

Writes a line when it is ready, and another with a result for each line that it reads.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
from math import ceil

from workloads import Spec, Workload, connections, floor, handshakes, receiving, sending, sending_many

WARM_UP = 300_000_000
"""Nanoseconds that code runs before it is measured."""
SAMPLE = 25_000_000
"""Nanoseconds that one sample takes at least."""

clock = time.process_time_ns if os.environ.get("CLOCK") == "cpu" else time.perf_counter_ns
"""Nanoseconds; of the processor, on a machine that is busy with something else."""

OPERATIONS = {"receive": receiving, "send": sending, "batch": sending_many, "handshake": handshakes, "floor": floor}


async def main() -> None:
    """Answers the lines of standard input. Some engines want an event loop around them, which never gets to run."""
    name, *options = sys.argv[1:]
    spec = Spec.parse(options)
    engine = importlib.import_module(f"engines.{name}")
    if spec.operation == "memory":
        answer(version=engine.VERSION)
        for _ in sys.stdin:
            answer(result=connections(engine, spec))
        return
    workload = OPERATIONS[spec.operation](engine, spec)
    passes = warm_up(workload)
    answer(version=engine.VERSION)
    for _ in sys.stdin:
        gc.collect()
        answer(result=sum(once(workload) for _ in range(passes)) / (passes * workload.messages))


def warm_up(workload: Workload) -> int:
    """Returns how many passes make a sample."""
    spent = passes = 0
    until = clock() + WARM_UP
    while clock() < until or passes < 3:
        spent += once(workload)
        passes += 1
    return max(1, ceil(SAMPLE * passes / spent))


def once(workload: Workload) -> int:
    """Runs the steps, and returns the nanoseconds of those that are timed."""
    spent = 0
    for timed, run in workload.steps:
        start = clock()
        run()
        spent += clock() - start if timed else 0
    return spent


def answer(**fields: object) -> None:
    """Writes a line."""
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
