"""Events of the module as lines of a transcript (core/vectors/README.md)."""

from __future__ import annotations

from collections.abc import Iterator

from vectors import show

from sansock_wasm import BIT_4, BIT_5, FIRST, LAST, NEVER, Event, Library

ORIGINS = ("absent", "same", "cross")


def describe(event: Event, library: Library) -> Iterator[str]:
    """The lines of an event and its details."""
    words = [event.kind, *before(event, library)]
    if event.kind not in ("open", "fault"):
        words.append(show(event.payload))
    yield " ".join([*words, *after(event, library)])
    for detail in event.details:
        yield from describe(detail, library)


def before(event: Event, library: Library) -> list[str]:
    """What stands before the payload."""
    match event.kind:
        case "rejected" | "head" | "closing" | "closed":
            return [str(event.code)]
        case "fault":
            return [library.fault_name(event.aux), str(event.code)]
        case "header":
            return [show(event.name)]
        case "frame":
            return ["text" if event.code == 1 else "binary"]
    return []


def after(event: Event, library: Library) -> list[str]:
    """What stands behind the payload."""
    match event.kind:
        case "request":
            return [f"origin={ORIGINS[event.code]}", *fault(event.extra, library)]
        case "rejected":
            return ["truncated"] * event.has(BIT_4)
        case "text" | "binary":
            return part(event)
        case "frame":
            ends = [*["end"] * event.has(BIT_4), *["compressed"] * event.has(BIT_5)]
            return [*part(event), *ends, f"of={event.extra}"]
        case "pong":
            return [] if event.extra == NEVER else [f"rtt={event.extra}"]
        case "subprotocol":
            return ["chosen"] * event.has(BIT_4)
        case "closed":
            sent = [f"sent={event.extra}"] if event.extra else []
            ending = ["clean" if event.has(BIT_4) else "unclean", "by-peer" if event.has(BIT_5) else "by-us"]
            return [*ending, *sent, *fault(event.aux, library)]
    return []


def part(event: Event) -> list[str]:
    """Which part of a message this is, if it is not all of it."""
    if event.has(FIRST):
        return [] if event.has(LAST) else ["first"]
    return ["last" if event.has(LAST) else "middle"]


def fault(number: int, library: Library) -> list[str]:
    """The fault of an event, if it has one."""
    return [f"fault={library.fault_name(number)}"] if number else []
