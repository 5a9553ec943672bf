"""``sansock relay``: passes connections on, and shows what is on them."""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys

from .. import parse_url
from .client import _url
from .terminal import discard_output, utf8_streams

__all__ = ["parser", "run"]

_EPILOG = """\
The address has a token, without which nobody may look; pages of other sites are refused as well.

examples:
  sansock relay --to ws://127.0.0.1:8080
  sansock relay --to wss://example.com --listen 9000 --json >entries.jsonl
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "sansock relay",
        description="Passes connections on to a server, unchanged, and shows what is on them: on standard output, and"
        " in a browser at the address that it prints. It ends by SIGINT or SIGTERM.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--to",
        required=True,
        type=_target,
        metavar="URL",
        help="where to pass them on to: ws://HOST:PORT, or wss: to speak TLS to it",
    )
    add(
        "--listen",
        type=_port,
        default=9000,
        metavar="PORT",
        help="the port for clients; 0: a free one; default: 9000",
    )
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on; default: 127.0.0.1")
    add(
        "--view",
        type=_port,
        default=0,
        metavar="PORT",
        help="the port for the browser, always on 127.0.0.1; 0: a free one; default: 0",
    )
    add(
        "--preview",
        type=_preview,
        default=4096,
        metavar="BYTES",
        help="how much of each payload is shown; default: 4096",
    )
    add(
        "--all",
        action="store_true",
        help="show the browser everything: connections wait for that. Without it looking takes a small share of the"
        " time, and what does not fit is passed over, which the page says",
    )
    add("--insecure", action="store_true", help="accept any certificate of the server")
    add("--ca", metavar="FILE", help="certificates to trust instead of the system's")
    add("--json", action="store_true", help="write entries as lines of JSON")
    add("-q", "--quiet", action="store_true", help="write no entries")
    return parser


def run(options: argparse.Namespace) -> int:
    """Relays until a signal comes."""
    utf8_streams()
    asyncio.run(_relay(options))
    return 0


async def _relay(options: argparse.Namespace) -> None:
    from .relaying import Relay, Target
    from .viewers import Viewers
    from .watching import Watch

    url = parse_url(_url(options.to))

    def show(json_lines: bytes, lines: bytes) -> None:
        viewers.show(json_lines)
        if not options.quiet:
            try:
                _write(json_lines if options.json else lines)
            except BrokenPipeError:
                # The relay goes on: its clients do not depend on who reads this.
                options.quiet = True
                watch.unwatch(everything=True)
                discard_output()

    def complain(text: str) -> None:
        print(f"sansock: {text}", file=sys.stderr, flush=True)

    watch = Watch(options.preview, lines=not (options.quiet or options.json), show=show, complain=complain)
    viewers = Viewers(watch, everything=options.all)
    if not options.quiet:
        watch.watch(everything=True)
    relay = Relay(Target(url, _context(options) if url.secure else None), watch, complain)
    address = await relay.listen(options.host, options.listen)
    try:
        look_at = await viewers.listen(options.view)
        _write(f"listening on {address}, for {options.to}\nlook at {look_at}\n".encode())
        await viewers.server.serve_forever()
    finally:
        await relay.close()


def _context(options: argparse.Namespace) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.ca)
    if options.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _target(text: str) -> str:
    _url(text)
    return text


def _port(text: str) -> int:
    return _whole(text, 65_535)


def _preview(text: str) -> int:
    return _whole(text, 1 << 26)


def _whole(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {most}")
    return int(text)
