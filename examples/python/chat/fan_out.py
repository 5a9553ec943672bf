"""How many messages the chat delivers: ``python fan_out.py URL [MEMBERS [MESSAGES]]``, where URL has no path.

The members join one room, and one of them speaks, with no more than so many messages on the way that all have got the
last but 50. Each delivery of a message to a member counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter

from sansock.asyncio import WebSocket, connect

AHEAD = 50


async def listen(member: WebSocket, messages: int) -> None:
    """Receives all messages, in their order."""
    for number in range(messages):
        if await member.recv() != f'{{"text": "{number}"}}':
            raise ValueError(f"message {number} is missing")


async def main(url: str, members: int = 200, messages: int = 500) -> None:
    """Measures."""
    joined = []
    processes: Counter[int] = Counter()
    for _ in range(members):
        joined.append(await connect(f"{url}/rooms/fan-out", compression=False))
        processes[json.loads(await joined[-1].recv())["process"]] += 1
    speaker = joined.pop()
    listening = asyncio.gather(*(listen(member, messages) for member in joined))
    start = time.perf_counter()
    heard = 0
    for number in range(messages):
        await speaker.send(json.dumps({"text": str(number)}))
        while number - heard >= AHEAD:
            await speaker.recv()
            heard += 1
    await listening
    seconds = time.perf_counter() - start
    shares, rate = " and ".join(map(str, processes.values())), members * messages / seconds
    print(f"{members} members ({shares}), {messages} messages: {rate:,.0f} deliveries in a second")
    for member in (speaker, *joined):
        await member.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:4])))
