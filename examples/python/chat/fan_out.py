"""How many messages the chat delivers: ``python fan_out.py URL [MEMBERS [MESSAGES]]``, where URL has no path.

The members join one room, and one of them speaks, no more than 50 messages ahead of what it hears itself. Each delivery
of a message to a member counts. How many there can be in a second follows from the processor time of the busiest of the
chat's processes, which run on this machine, if each had a processor of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

from sansock.asyncio import WebSocket, connect

AHEAD = 50


async def listen(member: WebSocket, messages: int) -> None:
    """Receives all messages, in their order."""
    for number in range(messages):
        if await member.recv() != f'{{"text": "{number}"}}':
            raise ValueError(f"message {number} is missing")


def spent(process: int) -> float:
    """The processor time that a process has used, in seconds."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


async def main(url: str, members: int = 200, messages: int = 500) -> None:
    """Measures."""
    joined = []
    processes: Counter[int] = Counter()
    for _ in range(members):
        joined.append(await connect(f"{url}/rooms/fan-out", compression=False))
        processes[json.loads(await joined[-1].recv())["process"]] += 1
    speaker = joined.pop()
    listening = asyncio.gather(*(listen(member, messages) for member in joined))
    start, before = time.perf_counter(), {process: spent(process) for process in processes}
    heard = 0
    for number in range(messages):
        await speaker.send(json.dumps({"text": str(number)}))
        while number - heard >= AHEAD:
            await speaker.recv()
            heard += 1
    await listening
    seconds = time.perf_counter() - start
    taken = [spent(process) - before[process] for process in processes]
    shares, deliveries = " and ".join(map(str, processes.values())), members * messages
    print(
        f"{members} members ({shares}), {messages} messages, {deliveries / seconds:,.0f} deliveries in a second here;"
    )
    print(f"{sum(taken) / deliveries * 1e6:.1f} microseconds each, at most {deliveries / max(taken):,.0f} in a second")
    for member in (speaker, *joined):
        await member.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:4])))
