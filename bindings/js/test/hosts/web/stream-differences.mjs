// What a runtime's own class WebSocketStream shows otherwise than ours, and who is right by which text. "WebSocketStream" is the proposal
// that adds it to the WHATWG WebSockets Standard (whatwg/websockets#48).

/** The same for each of these: what theirs shows, what ours shows. */
const each = (names, theirs, ours) => Object.fromEntries(names.map((name) => [name, [theirs, ours]]));

/** By the class: that of undici, which is Node's, and that of Deno. For each observation: what theirs shows, what ours shows. */
export const STREAM_DIFFERENCES = {
  undici: [
    {
      why: "ours: a string (WebSocketStream, WebSocketOpenInfo)",
      shown: {
        "what opened resolves to": [`[true,true,{"extensions":{},"protocol":"b"}]`, `[true,true,{"extensions":"permessage-deflate","protocol":"b"}]`],
      },
    },
    {
      why: "ours: the code of a connection without a Close frame is 1006 (RFC 6455 section 7.1.5)",
      shown: {
        "a stream: a reserved kind of frame": [
          `[["rejects: DOMException WebSocketError",1005,""],["rejects: DOMException WebSocketError",1005,""]]`,
          `[["rejects: DOMException WebSocketError",1006,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
      },
    },
  ],
  deno: [
    {
      why: 'ours: a "SyntaxError" DOMException (WebSocketStream, constructor)',
      shown: {
        "new WebSocketStream(\"\")": [`throws TypeError`, `throws DOMException SyntaxError`],
        "new WebSocketStream(\"/path\")": [`throws TypeError`, `throws DOMException SyntaxError`],
        "WebSocketStream with the protocols [\"a b\"]": [`"a stream"`, `throws DOMException SyntaxError`],
        "WebSocketStream with the protocols [\"\"]": [`"a stream"`, `throws DOMException SyntaxError`],
      },
    },
    {
      why: "ours: the class has a string tag (Web IDL, interface prototype objects)",
      shown: {
        "toString of a WebSocketStream": [`"[object Object]"`, `"[object WebSocketStream]"`],
      },
    },
    {
      why: "ours: attributes are enumerable (Web IDL, attributes)",
      shown: each(
        [
          "the property url of WebSocketStream", "the property opened of WebSocketStream", "the property closed of WebSocketStream",
        ],
        `{"get":"function","set":"undefined","enumerable":false}`,
        `{"get":"function","set":"undefined","enumerable":true}`,
      ),
    },
    {
      why: 'ours: permessage-deflate is offered (WebSockets, "establish a WebSocket connection")',
      shown: {
        "what opened resolves to": [`[true,true,{"extensions":"","protocol":"b"}]`, `[true,true,{"extensions":"permessage-deflate","protocol":"b"}]`],
      },
    },
    {
      why: "ours: every BufferSource is a binary message (WebSocketStream, write)",
      shown: {
        "write(an ArrayBuffer)": [`throws TypeError`, `"Uint8Array 3"`],
        "write(a DataView)": [`throws TypeError`, `"Uint8Array 2 3"`],
      },
    },
    {
      why: "ours: a TypeError without [AllowShared] (Web IDL, buffer source types)",
      shown: {
        "write(a view of a SharedArrayBuffer)": [`"Uint8Array 0 0"`, `throws TypeError`],
      },
    },
    {
      why: 'ours: what is written after a clean end is refused with an "InvalidStateError" DOMException (WebSocketStream, closed)',
      shown: {
        "the server closes a stream: close?1000&": [
          `[{"closeCode":1000,"reason":""},{"done":true},"rejects: TypeError"]`,
          `[{"closeCode":1000,"reason":""},{"done":true},"rejects: DOMException InvalidStateError"]`,
        ],
        "the server closes a stream: close?1001&bye": [
          `[{"closeCode":1001,"reason":"bye"},{"done":true},"rejects: TypeError"]`,
          `[{"closeCode":1001,"reason":"bye"},{"done":true},"rejects: DOMException InvalidStateError"]`,
        ],
        "the server closes a stream: close?4000&why": [
          `[{"closeCode":4000,"reason":"why"},{"done":true},"rejects: TypeError"]`,
          `[{"closeCode":4000,"reason":"why"},{"done":true},"rejects: DOMException InvalidStateError"]`,
        ],
        "the server closes a stream: close?0&": [
          `[{"closeCode":1005,"reason":""},{"done":true},"rejects: TypeError"]`,
          `[{"closeCode":1005,"reason":""},{"done":true},"rejects: DOMException InvalidStateError"]`,
        ],
      },
    },
    {
      why: "ours: the code of a connection without a Close frame is 1006 (WebSocketStream, closed; RFC 6455 section 7.1.5)",
      shown: {
        "a stream to nobody": [
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",null,""]]`,
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
        "a stream, and the status 404": [
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",null,""]]`,
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
        "a stream that is closed at once": [
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",null,""]]`,
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
        "a stream: the end of the stream": [
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",null,""]]`,
          `[["rejects: DOMException WebSocketError",1006,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
        "a stream: a reserved kind of frame": [
          `[["rejects: DOMException WebSocketError",null,""],["rejects: DOMException WebSocketError",null,""]]`,
          `[["rejects: DOMException WebSocketError",1006,""],["rejects: DOMException WebSocketError",1006,""]]`,
        ],
      },
    },
  ],
};
