"""What the tests of others expect, and Sansock's drop-ins do otherwise: by suite, test and reason.

A test is named with its class if it has one. COMPAT.md describes the same differences for users.
"""

from __future__ import annotations

__all__ = ["DEVIATIONS", "UNSTEADY"]

_MASKS = "the test patches Python's source of random bytes, and the engine draws its masks from its own"
_EXTENSIONS = "extensions other than permessage-deflate are refused: the engine gives them no way to see frames"
_UTF8_SENT = "text that is not UTF-8 is not sent"
_SIZES = "the exception names the size of the message so far, and not that of its last frame"
_INTERIM = "interim responses are passed over (RFC 9110 section 15.2)"
_FIRST_RULE = "of several rules that a header breaks, the engine names the first that it checks"
_EOF = "the exception does not say how much of a frame was read before the end of the stream"
_REASON = "a close reason that is not UTF-8 is a ProtocolError, which does not repeat the bytes"
_CLOSE_IN_MESSAGE = "Close inside a fragmented message is answered as everywhere (RFC 6455 section 5.5.1)"
_PARSER = "the test breaks the parser of websockets, which is not used"
_ALIASES = "the test compares a deprecated alias with the class that is replaced"


def _tests(reason: str, **tests: str) -> dict[str, str]:
    """The same reason for tests, by class."""
    return {f"{cls}::test_{name}": reason for cls, names in tests.items() for name in names.split()}


def _both(reason: str, **tests: str) -> dict[str, str]:
    """The same for tests of both ends."""
    names = {
        cls: " ".join(f"{end}_{name}" for name in each.split() for end in ("client", "server"))
        for cls, each in tests.items()
    }
    return _tests(reason, **names)


_WEBSOCKETS = {
    **_tests(
        _MASKS,
        MaskingTests="client_sends_masked_frame",
        ContinuationTests="client_sends_continuation_after_sending_close",
        TextTests="client_sends_text client_sends_text_after_sending_close client_sends_fragmented_text",
        BinaryTests="client_sends_binary client_sends_binary_after_sending_close client_sends_fragmented_binary",
        CloseTests=(
            "client_receives_close client_sends_close client_sends_close_twice client_sends_close_with_code "
            "client_sends_close_with_code_and_reason"
        ),
        FragmentationTests="client_send_close_in_fragmented_message",
        PingTests="client_sends_ping client_sends_ping_with_data client_sends_ping_after_sending_close",
        PongTests="client_sends_pong client_sends_pong_with_data client_sends_pong_after_sending_close",
    ),
    **_both(_EXTENSIONS, ExtensionsTests="extension_encodes_frame extension_decodes_frame"),
    **_tests(
        _EXTENSIONS,
        RequestTests="extensions",
        HandshakeTests=(
            "enable_extension extension extension_not_enabled extension_not_offered extension_not_supported "
            "multiple_extensions multiple_extensions_order multiple_supported_extension_parameters offer_extension "
            "supported_extension_parameters unsupported_extension_parameters"
        ),
    ),
    **_tests(
        _UTF8_SENT,
        ClientConnectionTests="recv_non_utf8_text recv_streaming_non_utf8_text",
        ServerConnectionTests="recv_non_utf8_text recv_streaming_non_utf8_text",
    ),
    **_both(
        _SIZES,
        TextTests="receives_fragmented_text_over_size_limit",
        BinaryTests="receives_fragmented_binary_over_size_limit",
    ),
    **_both(
        _FIRST_RULE,
        EOFTests="receives_data_after_exception receives_data_and_eof_after_exception receives_eof_after_exception",
    ),
    **_both(_EOF, EOFTests="receives_eof_inside_frame"),
    **_both(_REASON, CloseTests="receives_close_with_non_utf8_reason"),
    **_both(_CLOSE_IN_MESSAGE, FragmentationTests="receive_close_in_fragmented_message"),
    **_both(_PARSER, ErrorTests="hits_internal_error_reading_frame"),
    **_both(_ALIASES, BackwardsCompatibilityTests="connection_class"),
}

_CHANGED = "websockets 17 does otherwise than 15, whose test this is, with and without Sansock"

_LATER = _tests(
    _CHANGED,
    ClientConnectionTests=(
        "keepalive_reports_errors keepalive_terminates_while_sleeping keepalive_terminates_while_waiting_for_pong"
    ),
    ServerConnectionTests=(
        "keepalive_reports_errors keepalive_terminates_while_sleeping keepalive_terminates_while_waiting_for_pong"
    ),
    SimpleQueueTests="reset",
    ServerTests=(
        "async_process_request_raises_exception async_process_response_raises_exception junk_handshake "
        "process_request_raises_exception process_response_raises_exception existing_socket"
    ),
    ClientUsageErrorsTests="unix_with_path_and_sock",
    ServerUsageErrorsTests="unix_with_path_and_sock",
    RouterTests="force_redirect_server_name force_secure_redirect redirect secure_redirect",
)

DEVIATIONS = {
    "wsproto": {
        "test_broken_handshake": _INTERIM,
        "tests/test_client.py::test_handshake_with_extension": "a client refuses an answer that accepts another extension than "
        "permessage-deflate",
    },
    "trio-websocket": {"test_reject_handshake_invalid_info_status": _INTERIM},
    "websockets": _WEBSOCKETS,
    "websockets-17": _WEBSOCKETS,
}
"""Tests that fail, always."""

_RACE = "the test races with the thread that reads, and also fails with websockets alone"

_RACES = _tests(
    _RACE,
    ClientConnectionTests="writing_in_recv_events_fails writing_in_send_context_fails",
    ServerConnectionTests="writing_in_recv_events_fails writing_in_send_context_fails",
)

UNSTEADY = {
    "websockets": _RACES,
    # Some of these names are those of several tests, and not all of them have changed.
    "websockets-17": {**_RACES, **_LATER},
    "hypercorn": {"test_http2_websocket": "it fails with wsproto as well, because h2 refuses its request"},
}
"""Tests that fail at times, or for reasons that lie elsewhere."""
