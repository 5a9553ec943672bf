// What a runtime's own class shows otherwise than ours, and who is right by which text. "WebSockets" is the WHATWG WebSockets Standard.

const FAILED = `["error 3","close 3 1006  false"]`;
const FAILED_WITH_0 = `["error 3","close 3 0  false"]`;
const OPENED_AND_FAILED_WITH_0 = `["open 1","error 3","close 3 0  false"]`;

/** The same for each of these: what theirs shows, what ours shows. */
const each = (names, theirs, ours) => Object.fromEntries(names.map((name) => [name, [theirs, ours]]));

/** By the class: that of undici, which is Node's, of Deno, of Bun. For each observation: what theirs shows, what ours shows. */
export const DIFFERENCES = {
  undici: [
    {
      why: "ours: a server that wants credentials gets those of the URL (web-platform-tests, websockets/basic-auth)",
      shown: {
        "credentials in the URL": [`[]`, `["Basic dXNlcjpzZWNyZXQ="]`],
      },
    },
    {
      why: "ours: a value that is not in the enumeration is ignored (Web IDL, attributes)",
      shown: each(
        [
          "binaryType = \"nonsense\"", "binaryType = \"nodebuffer\"", "binaryType = \"ArrayBuffer\"", "binaryType = 5", "binaryType = null",
        ],
        `"blob"`,
        `"arraybuffer"`,
      ),
    },
    {
      why: "ours: a handler keeps the place of the first that was set (HTML, event handlers)",
      shown: {
        "handlers and listeners in order": [`["first","object","another"]`, `["first","another","object"]`],
      },
    },
    {
      why: 'ours: a byte order mark is part of a text (Encoding, "UTF-8 decode without BOM")',
      shown: {
        "send(a byte order mark)": [`"a"`, `"\ufeffa"`],
        "Close with a byte order mark": [`[["open 1","close 3 4000 x true"],4000]`, `[["open 1","close 3 4000 \ufeffx true"],4000]`],
      },
    },
    {
      why: "ours: a TypeError without [AllowShared] and [AllowResizable] (Web IDL, buffer source types)",
      shown: {
        "send(a view of a SharedArrayBuffer)": [`"0,0"`, `throws TypeError`],
        "send(a resizable ArrayBuffer)": [`"ArrayBuffer 0 0"`, `throws TypeError`],
        "send(a view of a resizable ArrayBuffer)": [`"ArrayBuffer 0 0"`, `throws TypeError`],
      },
    },
    {
      why: 'ours: a detached buffer holds no bytes (Web IDL, "get a copy of the bytes held by the buffer source")',
      shown: each(["send(a detached ArrayBuffer)", "send(a view of a detached ArrayBuffer)"], `throws TypeError`, `"ArrayBuffer "`),
    },
    {
      why: "ours: what is sent after close is added, and stays (WebSockets, bufferedAmount)",
      shown: {
        "bufferedAmount after close": [`[0,0,0,0,0,0]`, `[0,2,5,8,8,9]`],
      },
    },
    {
      why: "ours: [Clamp] rounds to the nearest (Web IDL, ConvertToInt)",
      shown: {
        "close(4999.4)": [`throws DOMException InvalidAccessError`, `[2,["open 1","close 3 4999  true"],[4999,"",true]]`],
      },
    },
    {
      why: "ours: a BigInt is no number, a TypeError (Web IDL, ConvertToInt)",
      shown: {
        "close(1000n)": [`2`, `throws TypeError`],
      },
    },
    {
      why: "ours: events are fired by tasks, not inside close (WebSockets, feedback from the protocol)",
      shown: {
        "close at once": [`[2,2,["error 3","close 3 1006  false"]]`, `[2,0,["error 3","close 3 1006  false"]]`],
      },
    },
    {
      why: "ours: the closing handshake begins behind what was sent (WebSockets, close)",
      shown: {
        "what was sent before close": [`["a"]`, `["a","b","c"]`],
      },
    },
    {
      why: "ours: a handshake with a parameter that was not offered fails, and nothing is open (RFC 7692 section 7.1)",
      shown: {
        "an extension with a parameter that there is not": [`["open 1","error 3","close 3 1006  false"]`, FAILED],
      },
    },
    {
      why: "ours: the highest bit must be 0, a protocol error: 1002 (RFC 6455 sections 5.2 and 7.4.1)",
      shown: {
        "a length with its highest bit": [`[["open 1","error 3","close 3 1006  false"],1009]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
      },
    },
    {
      why: "ours: the shortest form must be used (RFC 6455 section 5.2)",
      shown: {
        "a length that is too long a form": [
          `[["open 1","message 1","close 3 1000  true"],1000]`,
          `[["open 1","error 3","close 3 1006  false"],1002]`,
        ],
      },
    },
  ],
  deno: [
    {
      why: "ours: the URL as it was parsed, serialised (WebSockets, url)",
      shown: {
        "new WebSocket(\"ws://user:secret@NOBODY/\")": [`"ws://NOBODY/"`, `"ws://user:secret@NOBODY/"`],
      },
    },
    {
      why: 'ours: null is the string "null" (Web IDL, DOMString)',
      shown: {
        "protocols: null": [`[]`, `["null"]`],
      },
    },
    {
      why: 'ours: permessage-deflate is offered (WebSockets, "establish a WebSocket connection")',
      shown: {
        "extensions that are offered": [`[]`, `["permessage-deflate"]`],
        "extensions when it is open": [`""`, `"permessage-deflate"`],
        "extensions after the end": [`""`, `"permessage-deflate"`],
      },
    },
    {
      why: "ours: one argument is required (Web IDL, overload resolution)",
      shown: {
        "WebSocket.length": [`2`, `1`],
      },
    },
    {
      why: "ours: constants are enumerable values of the class and of its prototype (Web IDL, constants)",
      shown: {
        "CONNECTING of the class": [
          `{"value":0,"writable":false,"enumerable":false,"configurable":false}`,
          `{"value":0,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "CONNECTING of the prototype": [
          `{"enumerable":true,"configurable":true}`,
          `{"value":0,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "OPEN of the class": [
          `{"value":1,"writable":false,"enumerable":false,"configurable":false}`,
          `{"value":1,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "OPEN of the prototype": [`{"enumerable":true,"configurable":true}`, `{"value":1,"writable":false,"enumerable":true,"configurable":false}`],
        "CLOSING of the class": [
          `{"value":2,"writable":false,"enumerable":false,"configurable":false}`,
          `{"value":2,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "CLOSING of the prototype": [
          `{"enumerable":true,"configurable":true}`,
          `{"value":2,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "CLOSED of the class": [
          `{"value":3,"writable":false,"enumerable":false,"configurable":false}`,
          `{"value":3,"writable":false,"enumerable":true,"configurable":false}`,
        ],
        "CLOSED of the prototype": [`{"enumerable":true,"configurable":true}`, `{"value":3,"writable":false,"enumerable":true,"configurable":false}`],
      },
    },
    {
      why: 'theirs: an event that the runtime fires is trusted (DOM, "fire an event"); no library can make one',
      shown: {
        "isTrusted of message": [`true`, `false`],
      },
    },
    {
      why: "ours: the origin of the URL, without its path (WebSockets, feedback from the protocol)",
      shown: {
        "origin of message": [`false`, `true`],
      },
    },
    {
      why: "ours: a handler keeps the place of the first that was set (HTML, event handlers)",
      shown: {
        "handlers and listeners in order": [`["another","first","object"]`, `["first","another","object"]`],
      },
    },
    {
      why: "ours: it is in no type of the union but strings (Web IDL, union types)",
      shown: {
        "send(a SharedArrayBuffer)": [`throws TypeError`, `"[object SharedArrayBuffer]"`],
      },
    },
    {
      why: "ours: a TypeError without [AllowResizable] (Web IDL, buffer source types)",
      shown: each(["send(a resizable ArrayBuffer)", "send(a view of a resizable ArrayBuffer)"], `"ArrayBuffer 0 0"`, `throws TypeError`),
    },
    {
      why: "ours: Blobs count as well, and what is behind them (WebSockets, bufferedAmount)",
      shown: {
        "bufferedAmount in the turn that sends": [`[2,5,6,6,6]`, `[2,5,6,8,9]`],
      },
    },
    {
      why: "ours: what is sent after close is added, and stays (WebSockets, bufferedAmount)",
      shown: {
        "bufferedAmount after close": [`[0,0,0,0,0,0]`, `[0,2,5,8,8,9]`],
      },
    },
    {
      why: 'ours: a reason without a code goes with 1000 (WebSockets, "close the WebSocket")',
      shown: {
        "close(undefined, \"alone\")": [
          `[2,["open 1","close 3 1002 the close code must not be sent: 24940 true"],[1006,"",false]]`,
          `[2,["open 1","close 3 1000 alone true"],[1000,"alone",true]]`,
        ],
      },
    },
    {
      why: "ours: the code of a connection without a Close frame is 1006 (RFC 6455 section 7.1.5)",
      shown: {
        "close at once": [`[2,0,["error 3","close 3 0  false"]]`, `[2,0,["error 3","close 3 1006  false"]]`],
        "close at once, with a code": [FAILED_WITH_0, FAILED],
        "nobody listens": [FAILED_WITH_0, FAILED],
        "the server ends the connection": [OPENED_AND_FAILED_WITH_0, `["open 1","error 3","close 3 1006  false"]`],
        "the status 404": [FAILED_WITH_0, FAILED],
        "the status 401": [FAILED_WITH_0, FAILED],
        "the status 200": [FAILED_WITH_0, FAILED],
        "a redirect": [FAILED_WITH_0, FAILED],
        "no Upgrade": [FAILED_WITH_0, FAILED],
        "another Upgrade": [FAILED_WITH_0, FAILED],
        "no answer": [FAILED_WITH_0, FAILED],
        "no HTTP": [FAILED_WITH_0, FAILED],
        "Close with 1005": [`[["open 1","error 3","close 3 0  false"],1002]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "Close with 999": [`[["open 1","error 3","close 3 0  false"],1002]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "Close with 5000": [`[["open 1","error 3","close 3 0  false"],1002]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "the end of the stream": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],null]`],
        "a message, and the end of the stream": [
          `[["open 1","message 1","error 3","close 3 0  false"],null]`,
          `[["open 1","message 1","error 3","close 3 1006  false"],null]`,
        ],
        "half a frame, and the end of the stream": [
          `[["open 1","error 3","close 3 0  false"],null]`,
          `[["open 1","error 3","close 3 1006  false"],null]`,
        ],
      },
    },
    {
      why: "ours: messages are dropped unless the WebSocket is open (WebSockets, feedback from the protocol)",
      shown: {
        "messages that come after close": [`["open 1","message 2","close 3 1000  true"]`, `["open 1","close 3 1000  true"]`],
      },
    },
    {
      why: "ours: such an answer opens nothing (RFC 6455 section 4.1), and the code is 1006 (section 7.1.5)",
      shown: each(
        [
          "a wrong Sec-WebSocket-Accept", "no Sec-WebSocket-Accept", "an extension that was not offered",
          "an extension with a parameter that there is not", "a subprotocol of which there was none", "a subprotocol that was not offered",
        ],
        OPENED_AND_FAILED_WITH_0,
        FAILED,
      ),
    },
    {
      why: "ours: the code is 1006 (RFC 6455 section 7.1.5), and a Close frame says what was wrong (section 7.1.7)",
      shown: {
        "Close with half a code": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "Close whose reason is not UTF-8": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1007]`],
        "a reserved kind of frame": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a reserved kind of control frame": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a reserved bit": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a compressed frame without compression": [
          `[["open 1","error 3","close 3 0  false"],null]`,
          `[["open 1","error 3","close 3 1006  false"],1002]`,
        ],
        "a ping in fragments": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a ping of 126 bytes": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a continuation of nothing": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "a message inside another": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
        "text that is not UTF-8": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1007]`],
        "a length with its highest bit": [`[["open 1","error 3","close 3 0  false"],null]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
      },
    },
    {
      why: "ours: a server's frames have no mask (RFC 6455 section 5.1)",
      shown: {
        "a frame with a mask": [`[["open 1","message 1","close 3 1000  true"],1000]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
      },
    },
    {
      why: "ours: the shortest form must be used (RFC 6455 section 5.2)",
      shown: {
        "a length that is too long a form": [
          `[["open 1","message 1","close 3 1000  true"],1000]`,
          `[["open 1","error 3","close 3 1006  false"],1002]`,
        ],
      },
    },
  ],
  bun: [
    {
      why: 'ours: a "SyntaxError" DOMException (WebSockets, constructor)',
      shown: each(
        [
          "new WebSocket(5)", "new WebSocket(\"\")", "new WebSocket(\"/path\")", "new WebSocket(\"example.com\")", "new WebSocket(\"ws://\")",
          "new WebSocket(\"ws://a b/\")", "new WebSocket(\"ws://127.0.0.1:99999/\")", "new WebSocket(\"ftp://NOBODY/\")",
          "new WebSocket(\"mailto:a@b\")", "new WebSocket(\"about:blank\")", "new WebSocket(\"blob:http://NOBODY/x\")",
          "new WebSocket(\"ws://NOBODY/#part\")", "new WebSocket(\"ws://NOBODY/#\")", "new WebSocket(null)", "protocols: ''", "protocols: 'a b'",
          "protocols: 'a,b'", "protocols: 'é'", "protocols: 'a\\0'", "protocols: 'a/b'", "protocols: ['a', 'a']", "protocols: ['a', 'A']",
          "protocols: ['a', '']",
        ],
        `throws SyntaxError`,
        `throws DOMException SyntaxError`,
      ),
    },
    {
      why: 'ours: "blob" at first (WebSockets, binaryType)',
      shown: {
        "binaryType before it is open": [`"nodebuffer"`, `"blob"`],
      },
    },
    {
      why: "ours: a value that is not in the enumeration is ignored (Web IDL, attributes)",
      shown: {
        "binaryType = \"nodebuffer\"": [`"nodebuffer"`, `"arraybuffer"`],
      },
    },
    {
      why: 'theirs: an event that the runtime fires is trusted (DOM, "fire an event"); no library can make one',
      shown: each(["isTrusted of open", "isTrusted of message", "isTrusted of close"], `true`, `false`),
    },
    {
      why: "ours: it is in no type of the union but strings (Web IDL, union types)",
      shown: {
        "send(a SharedArrayBuffer)": [`throws TypeError`, `"[object SharedArrayBuffer]"`],
      },
    },
    {
      why: "ours: what was sent in this task counts, also if it is written at once (WebSockets, bufferedAmount)",
      shown: {
        "bufferedAmount in the turn that sends": [`[0,0,0,0,0]`, `[2,5,6,8,9]`],
      },
    },
    {
      why: 'ours: an "InvalidAccessError" DOMException (WebSockets, close)',
      shown: {
        "close(1001)": [`2`, `throws DOMException InvalidAccessError`],
      },
    },
    {
      why: 'ours: a "SyntaxError" DOMException (WebSockets, close)',
      shown: each(["close(1000, 62 characters)", "close(undefined, 124 characters)"], `throws SyntaxError`, `throws DOMException SyntaxError`),
    },
    {
      why: "ours: a connection that is lost has failed (RFC 6455 section 7.2.1): error, then close (WebSockets, feedback from the protocol)",
      shown: {
        "the server ends the connection": [`["open 1","close 3 1006  false"]`, `["open 1","error 3","close 3 1006  false"]`],
        "the end of the stream": [`[["open 1","close 3 1006  false"],null]`, `[["open 1","error 3","close 3 1006  false"],null]`],
        "a message, and the end of the stream": [
          `[["open 1","message 1","close 3 1006  false"],null]`,
          `[["open 1","message 1","error 3","close 3 1006  false"],null]`,
        ],
        "half a frame, and the end of the stream": [`[["open 1","close 3 1006  false"],null]`, `[["open 1","error 3","close 3 1006  false"],null]`],
      },
    },
    {
      why: "ours: the highest bit must be 0, a protocol error: 1002 (RFC 6455 sections 5.2 and 7.4.1)",
      shown: {
        "a length with its highest bit": [`[["open 1","error 3","close 3 1006  false"],1009]`, `[["open 1","error 3","close 3 1006  false"],1002]`],
      },
    },
    {
      why: "ours: the shortest form must be used (RFC 6455 section 5.2)",
      shown: {
        "a length that is too long a form": [
          `[["open 1","message 1","close 3 1000  true"],1000]`,
          `[["open 1","error 3","close 3 1006  false"],1002]`,
        ],
      },
    },
  ],
};
