// The classes of conformance/attacks.md, each with the scenario that plays it, or with why none does.

/** The sections whose classes a peer may play; those of the last one are between an engine and its host. */
export const SECTIONS = ["The opening handshake", "Frames", "Text and closing", "Compression"];

/**
 * For each class the scenario, and what stands in its rows, in this order: the name of a fault, or the beginning of what a row
 * says. What follows "never: " stands in none, what follows "last: " in the last, and what follows "refused: " is what an engine
 * refuses to its host.
 */
export const PLAYED = {
  // The opening handshake.
  "A head that comes byte by byte is parsed anew each time": ["A long head byte by byte", "open: "],
  "A head without end": ["A line that never ends", "HEADER_TOO_LONG", "response: HTTP/1.1 431"],
  "More headers than there is room for": ["More headers than there is room for", "TOO_MANY_HEADERS", "response: HTTP/1.1 431"],
  "A header that is repeated and joined again and again": ["The same header a hundred times", "open: "],
  "Lists that take a regular expression long": ["Seven thousand spaces in a list", "BAD_SUBPROTOCOL", "response: HTTP/1.1 400"],
  "Extensions that are named as what every object has": [
    "An extension called constructor",
    "open: ",
    "never: open: constructor",
  ],
  "More extensions than slots": ["More extensions than slots", "BAD_EXTENSIONS", "response: HTTP/1.1 400"],
  "A window that is no number from 8 to 15": ["A window of a thousand bits", "BAD_EXTENSION_PARAMETERS", "never: open"],
  "Bytes beyond ASCII in a header": ["A letter beyond ASCII in the host", "BAD_HOST", "response: HTTP/1.1 400"],
  "Control characters in a value": ["A zero in a value", "BAD_HEADER", "response: HTTP/1.1 400"],
  "A bare line feed ends a line": ["Half the end of a line", "BAD_LINE_END", "response: HTTP/1.1 400"],
  "A folded line, a space before the first header": ["A folded line", "BAD_HEADER", "response: HTTP/1.1 400"],
  "A space before the colon, no name": ["A space before the colon", "BAD_HEADER", "response: HTTP/1.1 400"],
  "No Host, an empty one, two, a list": ["Two hosts", "BAD_HOST", "response: HTTP/1.1 400"],
  "A method that is not GET": ["A method that is not GET", "BAD_METHOD", "response: HTTP/1.1 405"],
  "Another version of HTTP, or another protocol": ["A client that speaks HTTP/2", "HTTP2_PREFACE", "response: HTTP/1.1 505"],
  "A target in another form": ["A target at another host", "request: GET http://internal.example/, origin cross"],
  "A body behind the request, a length in disguise": [
    "A request in the body of a request",
    "UNEXPECTED_BODY",
    "response: HTTP/1.1 400",
  ],
  "A proxy takes a refusal for a tunnel": [
    "A refusal taken for a tunnel",
    "UNSUPPORTED_VERSION",
    "response: HTTP/1.1 426",
    "never: request: GET /internal",
  ],
  "Bytes behind the request": ["A frame before the answer", "open: ", "text: 5 characters: hello"],
  "Bytes behind the response": ["A message in the packet of the answer", "open: ", "text: 5 characters: hello"],
  "Upgrade and Connection are missing, lists, repeated": [
    "A header that is not there",
    "NOT_AN_UPGRADE",
    "response: HTTP/1.1 426",
  ],
  "A key that is none": ["A key that is none", "BAD_KEY", "response: HTTP/1.1 400"],
  "A version that is not 13": ["A version of the future", "UNSUPPORTED_VERSION", "response: HTTP/1.1 426"],
  "An accept value that is wrong": ["A server that does not know the key", "BAD_ACCEPT", "never: open"],
  "A redirect, an interim response without end": ["Interim responses without end", "TOO_MANY_INTERIM", "never: open"],
  "A response that accepts and has a body": ["An acceptance with a body", "BODY_ON_101", "never: open"],
  "Chunks of a refusal: sizes that overflow, extensions without end": ["A chunk of 2\u2076\u2078 bytes", "BAD_BODY"],
  "A subprotocol that was not offered": ["A subprotocol that nobody asked for", "SUBPROTOCOL_NOT_OFFERED", "never: open"],
  "A page of another site connects": ["A page of another site", "request: GET /, origin cross"],
  "A head that drips for ever": ["A head that never ends", "HANDSHAKE_TIMEOUT", "response: HTTP/1.1 408"],
  "The stream ends inside the head": ["A head that is cut off", "EOF_IN_HANDSHAKE", "never: response"],
  // Frames.
  "A length of 63 bits is added before it is checked": ["A length of 2\u2076\u00b3 bytes", "LENGTH_OVERFLOW", "close: 1002"],
  "Memory for a length that was only announced": ["A gigabyte is announced", "MESSAGE_TOO_BIG", "close: 1009"],
  "The length of a draft, of any number of bytes": ["A client of a draft", "BAD_VERSION", "response: HTTP/1.1 400"],
  "A buffer of one size, and more is written": ["A message that does not shrink", "binary: deflate", "binary: 1000 bytes: "],
  "Masked by a server, not masked by a client": ["A client that does not mask", "UNMASKED", "close: 1002"],
  "Keys that can be foretold": ["The same text twice", "text: GET /script.js", "text: GET /script.js"],
  "Reserved bits": ["A bit of an extension nobody agreed on", "RESERVED_BITS", "close: 1002"],
  "Reserved opcodes": ["An opcode without a meaning", "RESERVED_OPCODE", "close: 1002"],
  "Lengths that are longer than they need be": ["A length in disguise", "NON_MINIMAL_LENGTH", "close: 1002"],
  "Control frames that are long or fragmented": ["A ping of 126 bytes", "CONTROL_TOO_LONG", "close: 1002"],
  "A continuation of nothing, a message inside another": [
    "A message inside an empty one",
    "EXPECTED_CONTINUATION",
    "close: 1002",
  ],
  "Fragments that are tiny or empty hold memory": ["A thousand empty fragments", "TOO_MANY_FRAGMENTS", "close: 1008"],
  "Fragments cost time": ["A thousand fragments of a byte", "last fragment: ", "text: 1001 characters: aaa"],
  "A limit for frames, and none for messages": ["A large message in small frames", "MESSAGE_TOO_BIG", "close: 1009"],
  "Reads of one byte hold memory": ["A message in eight thousand packets", "binary: 8000 bytes: 616161"],
  "Control frames inside a message disturb it": [
    "Fragments with a ping between them",
    "text, first: one, ",
    "ping: still there?",
    "pong: still there?",
    "text: 15 characters: one, two, three",
  ],
  "A flood of pings": ["A flood of pings", "pong: a", "pong: last"],
  "Answers without end": ["A flood of pings", "pong: last", "last: pong: last"],
  "An answer behind the Close frame": [
    "A ping behind a Close",
    "pong: first",
    "close: 1000",
    "the wire: from the server: the stream ends here",
    "never: pong: second",
  ],
  "The stream ends in any state": ["A stream that ends in a frame", "EOF", "never: text: 5"],
  "Another verdict for other reads": ["Byte by byte", "text: 12 characters: drop by drop"],
  // Text and closing.
  "A code point cut by frames or reads": ["Half a character", "BAD_TEXT", "close: 1007"],
  "Surrogates, overlong forms, what is above U+10FFFF": ["Half of a pair", "BAD_TEXT", "close: 1007"],
  "A text that ends inside a code point": ["A text that ends too early", "BAD_TEXT", "close: 1007"],
  "Invalid text that inflates to much": ["A bomb that is no text", "BAD_TEXT", "close: 1007", "never: closed: 1009"],
  "A Close frame of one byte": ["A Close of one byte", "CLOSE_TOO_SHORT", "close: 1002"],
  "Close codes that may not be sent": ["A close code that must not be sent", "BAD_CLOSE_CODE", "close: 1002"],
  "A reason that is no text, or too long": ["A reason that is no text", "BAD_CLOSE_REASON", "close: 1007"],
  "Messages behind a Close or a fault": [
    "Messages behind a Close",
    "closed: 1000",
    "note: what follows is not read",
    "never: text: 5",
  ],
  "Close is never answered, or sent again and again": ["A peer that never closes", "CLOSE_TIMEOUT"],
  "A peer that does not read": [
    "A peer that does not read",
    "text: 4 characters: more",
    "WRITE_TIMEOUT",
    "refused: server, text: the output is full",
  ],
  // Compression.
  "A few bytes that inflate to many": ["A bomb", "MESSAGE_TOO_BIG", "close: 1009"],
  "A limit on the compressed bytes, or on one fragment": ["A bomb in two pieces", "MESSAGE_TOO_BIG", "close: 1009"],
  "An error of the inflater comes late": [
    "Broken data in a message that goes on",
    "text: 5 characters: Hello",
    "BAD_COMPRESSED_DATA",
    "close: 1007",
  ],
  "Bytes lost at the edge of a buffer": [
    "A buffer that is exactly full",
    "text: 16384 characters",
    "text: 100 characters: 01234",
  ],
  "Final blocks, stored ones, empty ones, and what follows": [
    "A last block in the middle",
    "text: 23 characters: first half, second half",
    "text: 5 characters: Hello",
  ],
  "A window that is larger than agreed, or of the last message": [
    "A look at the message before",
    "open: permessage-deflate; client_no_context_takeover",
    "text: 5 characters: Hello",
    "BAD_COMPRESSED_DATA",
    "close: 1007",
  ],
  "An empty message that is compressed, or of no bytes": [
    "A compressed message of no bytes",
    "text: 0 characters: ",
    "text: 0 characters: ",
    "text: 5 characters: Hello",
  ],
  "Secrets beside what an attacker chose": [
    "A secret beside a guess",
    "text: deflate",
    "text: deflate",
    "text: token",
    "text: token",
  ],
};

/** The classes that no bytes of a peer can show here, and why. */
export const NOT_PLAYED = {
  "What the host passes ends a line": "it is about what a host passes, and a host of the playground passes no headers",
  "The proxy is the attacker": "there is no proxy in the playground",
  "Unmasking beyond the end": "what is changed beyond a payload is not on the wire",
  "A system without random bytes": "the playground takes its random bytes from the link",
  "A few bytes keep a large buffer": "buffers are the host's, and are not counted as memory of the engine",
  "Memory that was never written is sent": "it is about what a host passes",
  "A way to create a connection without limits": "it is about the options of a host, which can be tried: 0 is refused",
  "A fault of the inflater itself": "it takes a fault of the module, and none is known",
  "A message that could not be sent has moved the window": "memory would have to be missing at the host",
};

/** Scenarios beside those of the classes, in the same form. */
export const OTHERS = {
  "A greeting": ["text: 13 characters: Hello, server", "text: 13 characters: Hello, client", "closed: 1000 bye, clean"],
  Compression: ["open: permessage-deflate", "text: deflate  The quick", "text: deflate  The quick"],
  Keepalive: ["ping: ", "pong: after 40 ms", "ping: ", "pong: after 40 ms"],
  "A redirect to another place": ["HTTP_STATUS", "never: open"],
  "Lost bytes": ["BAD_TEXT", "close: 1007"],
  "A peer that is gone": ["PONG_TIMEOUT", "close: 1011"],
  "A flipped bit": ["EXPECTED_CONTINUATION", "close: 1002"],
};
