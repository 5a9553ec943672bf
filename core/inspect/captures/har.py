"""What DevTools tell of WebSockets as an HTTP archive, in the form in which Chromium saves one."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _message(event: Event, kind: str, offset: float) -> dict[str, Any]:
    frame = event["params"]["response"]
    time = event["params"]["timestamp"] + offset
    return {"type": kind, "time": time, "opcode": frame["opcode"], "data": frame["payloadData"]}


def archive(events: list[Event]) -> dict[str, Any]:
    """The archive of one WebSocket."""
    by_method: dict[str, Event] = {event["method"].removeprefix("Network."): event["params"] for event in events}
    sent = by_method["webSocketWillSendHandshakeRequest"]
    response = by_method["webSocketHandshakeResponseReceived"]["response"]
    # Times of events are of a clock of their own; those of an archive are of the calendar.
    offset = sent["wallTime"] - sent["timestamp"]
    kinds = {"Network.webSocketFrameSent": "send", "Network.webSocketFrameReceived": "receive"}
    # Control frames are events, and are not in the archives.
    frames = [event for event in events if event["method"] in kinds and event["params"]["response"]["opcode"] < 8]
    entry = {
        "_resourceType": "websocket",
        "_webSocketMessages": [_message(event, kinds[event["method"]], offset) for event in frames],
        "cache": {},
        "request": {
            "method": "GET",
            "url": by_method["webSocketCreated"]["url"],
            "httpVersion": "HTTP/1.1",
            "headers": _headers(response.get("requestHeaders") or sent["request"]["headers"]),
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": response["status"],
            "statusText": response["statusText"],
            "httpVersion": "HTTP/1.1",
            "headers": _headers(response["headers"]),
            "cookies": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "serverIPAddress": "127.0.0.1",
        "time": 0,
    }
    creator = {"name": "WebInspector", "version": "537.36"}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": [entry]}}
