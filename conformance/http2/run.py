"""The examples over HTTP/2 from one language to the other: in Python, Node, Rust and, as a server, C++.

Each client sends lines, and each must come back: with and without TLS, for which a certificate is made, and with and
without compression. The programs in Rust and C++ have no TLS.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from certificate import make_certificate
from hosts import HostError, abridged, end_orderly_on_sigterm, run_client, serving
from repository import PROGRAMS_IN_RUST, PYTHON, ROOT
from stalled import check_stalled

EXAMPLES = ROOT / "examples"
PROGRAMS = {
    "python": [PYTHON, str(EXAMPLES / "python" / "http2_{}.py")],
    "node": ["node", str(EXAMPLES / "node" / "http2_{}.mjs")],
    "rust": [str(PROGRAMS_IN_RUST / "http2_{}")],
    "cpp": [str(ROOT / "target" / "examples" / "cpp" / "http2_{}")],
}
WITHOUT_CLIENT = "cpp"
WITHOUT_TLS = {"rust", "cpp"}
PAIRS = tuple(pair for pair in itertools.permutations(PROGRAMS, 2) if pair[0] != WITHOUT_CLIENT)
LINES = ("one", "", "drei ✓", *(f"line {number}" for number in range(1000)), "é世🌍" * (1 << 17), "the last")
"""The long one is more than any window of HTTP/2 at its default."""
RUN_SECONDS = 20.0


def program(host: str, role: str, *arguments: str) -> list[str]:
    """The command of an example."""
    return [*(part.format(role) for part in PROGRAMS[host]), *arguments]


def check(client: str, url: str) -> None:
    """Every line comes back, and the connection is closed cleanly."""
    session = run_client(program(client, "client", url), map(str.encode, LINES), RUN_SECONDS)
    if session.timed_out or session.status != 0:
        how = f"not over after {RUN_SECONDS:.0f} s" if session.timed_out else f"status {session.status}"
        raise HostError(f"{how}, {len(session.lines)} lines\n{session.errors}")
    for expected, line in itertools.zip_longest([*LINES, "closed 1000"], session.lines, fillvalue="nothing"):
        if line != expected:
            raise HostError(f"expected {abridged(expected)!r}, but the client printed {abridged(line)!r}")


def check_pair(client: str, name: str, tls: tuple[str, ...], deflate: str) -> None:
    """A client and a server, twice: the server must be as good after the first client as before."""
    os.environ["DEFLATE"] = deflate
    with serving(name, program(name, "server", "0", *tls)) as server:
        check(client, server.url)
        check(client, server.url)
        server.stop()
        if errors := server.errors():
            raise HostError(f"the server wrote to its standard error:\n{errors}")


def check_server(name: str) -> None:
    """A stream that the peer does not read holds up no other."""
    with serving(name, program(name, "server", "0")) as server:
        check_stalled(server.port)
        server.stop()
        if errors := server.errors():
            raise HostError(f"the server wrote to its standard error:\n{errors}")


def run(what: str, check: Callable[[], None], good: str) -> bool:
    """Print how a check ends; true if it fails."""
    try:
        check()
    except (HostError, OSError) as error:
        print(f"{what}: FAILED: {error!r}", flush=True)
        return True
    print(f"{what}: {good}", flush=True)
    return False


def main() -> int:
    end_orderly_on_sigterm()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder))
        with_tls = ("--cert", certificate, "--key", key)
        for (client, server), tls, deflate in itertools.product(PAIRS, ((), with_tls), ("0", "1")):
            if tls and WITHOUT_TLS.intersection((client, server)):
                continue
            how = ("TLS" if tls else "no TLS") + (", compressed" if deflate == "1" else "")
            pair = partial(check_pair, client, server, tls, deflate)
            failed += run(f"{client} to {server} over HTTP/2, {how}", pair, "all lines come back")
        for name in PROGRAMS:
            failed += run(
                f"{name} over HTTP/2", partial(check_server, name), "a stream that is not read holds up no other"
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
