"""What a peer did in a case, what the engine's transcript says of the same bytes, and how the two compare."""

from __future__ import annotations

from dataclasses import dataclass, field

from frames import read_frames
from vectors import Vector

OPEN, SILENT, ENDED, REFUSED, CLOSED, NOT_TRIED = "open", "silent", "ended", "refused", "closed", "not tried"


@dataclass
class Outcome:
    """What was seen of a peer from outside."""

    end: str = SILENT
    """`open`: alive after the case. `closed`: it sent a Close, with `code`. `ended`: the connection, without a Close.
    `refused`: HTTP, with the status as `code`. `silent`: nothing in the time it had. `not tried`: see `reason`.
    """
    code: int = 0
    messages: list[str] = field(default_factory=list)
    """The echoes, in the notation of the transcripts."""
    pongs: list[str] = field(default_factory=list)
    printed: list[str] | None = None
    """The messages that the program of the peer has printed, where that is what is compared."""
    compression: bool = False
    """Whether permessage-deflate was agreed on."""
    reason: str = ""
    """Why the case does not apply to the peer."""
    faults: list[str] = field(default_factory=list)
    """What the peer itself sent that the RFC forbids."""


@dataclass
class Expected:
    """What the transcript of a vector demands."""

    end: str
    code: int
    messages: list[str]
    pongs: list[str]
    compression: bool


@dataclass
class Verdict:
    """One cell: the mark, and words where there is more to say."""

    mark: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.words}".strip()


LONGEST_WORDS = 30
RIGHT, WRONG, NOT_APPLICABLE = "✓", "✗", "–"


def expected(vector: Vector) -> Expected:
    """What the peer must do, as the transcript of the engine has it."""
    lines = vector.transcript
    end, code = OPEN, 0
    for line in lines:
        words = line.split(" ")
        if words[0] == "closed":
            known = dict(word.split("=") for word in words[2:] if "=" in word)
            end, code = CLOSED, int(known.get("sent", 0))
        elif words[0] == "closing":
            end, code = CLOSED, int(words[1])
            break
    answer = next((line for line in lines if line.startswith('out "HTTP/1.1 ')), "")
    if vector.role == "server" and answer and not answer.startswith('out "HTTP/1.1 101'):
        end, code = REFUSED, int(answer.split(" ")[2])
    messages = [line for line in lines if line.startswith(("text ", "binary "))]
    pongs = [line.removeprefix("ping ") for line in lines if line.startswith("ping ")]
    agreed = vector.compresses if vector.starts_open else any("extension " in line for line in opening(lines))
    if vector.role == "server" and not vector.starts_open:
        agreed = "Sec-WebSocket-Extensions" in answer
    return Expected(end, code, messages, pongs, agreed)


def opening(lines: list[str]) -> list[str]:
    """The details below `open`."""
    return lines[lines.index("open") :] if "open" in lines else []


def judge(vector: Vector, outcome: Outcome, allowed: list[str]) -> Verdict:
    """Whether a peer did what the vector demands, or one of the other things that the RFC allows."""
    if outcome.end == NOT_TRIED:
        return Verdict(NOT_APPLICABLE, outcome.reason)
    verdict = judge_behaviour(vector, outcome)
    if verdict.mark == WRONG and kind(outcome, verdict) in allowed:
        verdict = Verdict(RIGHT, verdict.words)
    if outcome.faults and verdict.mark == RIGHT:
        return Verdict(WRONG, outcome.faults[0])
    return verdict


def judge_behaviour(vector: Vector, outcome: Outcome) -> Verdict:
    demand = expected(vector)
    if demand.end == OPEN or (demand.end == CLOSED and closing_handshake(vector)):
        return judge_accepted(demand, outcome)
    return judge_refused(outcome) if demand.end == REFUSED else judge_failed(vector, demand, outcome)


def kind(outcome: Outcome, verdict: Verdict) -> str:
    """The outcome as cases.txt names those that are allowed besides."""
    if verdict.words == "leaves TCP open":
        return "lingers"
    if outcome.end == OPEN:
        return verdict.words.split(" ")[0] if verdict.words.startswith(("accepts", "agrees")) else "differs"
    return "fails" if outcome.end in (CLOSED, ENDED) else outcome.end


def closing_handshake(vector: Vector) -> bool:
    return any(line.startswith("closing ") for line in vector.transcript)


def judge_accepted(demand: Expected, outcome: Outcome) -> Verdict:
    if outcome.end == SILENT:
        return Verdict(WRONG, "delivers something else" if outcome.messages else "stays silent")
    if outcome.end == REFUSED:
        return Verdict(WRONG, f"refuses: {outcome.code}")
    if outcome.end == ENDED:
        return Verdict(WRONG, "drops the connection")
    if outcome.end == CLOSED and demand.end == OPEN:
        return Verdict(WRONG, f"fails {code_of(outcome)}")
    if outcome.messages != demand.messages and not (demand.end == CLOSED and not outcome.messages):
        return Verdict(WRONG, difference(demand.messages, outcome.messages))
    if not answered(demand.pongs, outcome.pongs):
        return Verdict(WRONG, f"pongs: {', '.join(outcome.pongs) or 'none'}")
    if outcome.compression and not demand.compression:
        return Verdict(WRONG, "agrees to compress")
    if demand.compression and not outcome.compression:
        return Verdict(RIGHT, "declines compression")
    return Verdict(RIGHT)


def answered(pings: list[str], pongs: list[str]) -> bool:
    """Each ping has its pong in order, or only the last of several has (RFC 6455 §5.5.3)."""
    rest = iter(pings)
    return all(pong in rest for pong in pongs) and pings[-1:] == pongs[-1:]


def difference(demanded: list[str], seen: list[str]) -> str:
    if len(seen) < len(demanded) and demanded[: len(seen)] == seen:
        return f"loses {brief(demanded[len(seen)])}"
    odd = next((message for message, right in zip(seen, demanded) if message != right), (seen or ["nothing"])[-1])
    return f"delivers {brief(odd)}"


def brief(message: str) -> str:
    """A message short enough for a cell."""
    return message if len(message) < LONGEST_WORDS else f"another {message.split(' ')[0]}"


def judge_refused(outcome: Outcome) -> Verdict:
    if outcome.end == REFUSED:
        return Verdict(RIGHT, str(outcome.code))
    if outcome.end == ENDED:
        return Verdict(RIGHT, "no answer")
    if outcome.end == SILENT:
        return Verdict(WRONG, "stays silent")
    return Verdict(WRONG, "accepts")


def judge_failed(vector: Vector, demand: Expected, outcome: Outcome) -> Verdict:
    if outcome.end == SILENT:
        return Verdict(WRONG, "stays silent" if vector.starts_open else "leaves TCP open")
    surplus = [message for message in outcome.messages if message not in demand.messages]
    if outcome.end == OPEN or surplus:
        telling = [message for message in surplus if '""' not in message and len(message) < LONGEST_WORDS]
        return Verdict(WRONG, " ".join(["accepts", *telling[:1]]))
    if outcome.printed is not None and outcome.printed != demand.messages:
        return Verdict(WRONG, difference(demand.messages, outcome.printed))
    if len(outcome.pongs) > len(demand.pongs):
        return Verdict(RIGHT, "later")
    if outcome.end == ENDED or not vector.starts_open:
        return Verdict(RIGHT, "" if outcome.end == ENDED and not demand.code else how_it_failed(outcome))
    if outcome.code == demand.code:
        return Verdict(RIGHT)
    sent = list(read_frames(vector.bytes).close_codes)
    if any(int.from_bytes(code, "big") == outcome.code or len(code) < 2 and not outcome.code for code in sent):
        return Verdict(WRONG, "accepts: answers it")
    return Verdict(RIGHT, how_it_failed(outcome))


def how_it_failed(outcome: Outcome) -> str:
    return "no Close" if outcome.end == ENDED else code_of(outcome)


def code_of(outcome: Outcome) -> str:
    return str(outcome.code) if outcome.code else "no code"
