import { once } from "node:events";
import { type ClientHttp2Session, constants, type Http2Stream, type ServerHttp2Stream } from "node:http2";

import type { Header, HeadEvent } from "../events.js";
import { HandshakeError } from "../hosts/errors.js";
import type { Session } from "../hosts/session.js";
import { addressOf, join, StreamTransport } from "./stream.js";
import type { PeerAddress } from "../hosts/messages.js";

type Fields = Record<string, string | string[]>;

/** A stream of HTTP/2 under a session. */
export class Http2Transport extends StreamTransport {
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream, session: Session) {
    super(stream, session);
    this.#stream = stream;
  }

  /** The end of our side, and a reset unless the peer has ended its own (RFC 8441 section 5). */
  override close(): void {
    this.#stream.end(() => {
      if (!this.#stream.readableEnded) {
        this.abort();
      }
    });
  }

  override abort(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}

/** Sends the head of a response, and its body. */
export function respond(stream: ServerHttp2Stream, { status, headers, body }: HeadEvent): void {
  stream.respond({ ":status": status ?? 500, ...fieldsOf(headers) });
  if (body.length > 0) {
    stream.write(body);
  }
}

/** Opens a stream for a client's connection (RFC 8441), and joins the session to it. */
export async function dialStream(http2: ClientHttp2Session, session: Session): Promise<PeerAddress | null> {
  const { enableConnectProtocol } = await settingsOf(http2);
  if (enableConnectProtocol !== true) {
    throw new HandshakeError("the server takes no WebSockets over HTTP/2");
  }
  const [head] = session.connection.requestFields("2");
  const fields = head?.type === "head" ? fieldsOf(head.headers) : {};
  const stream = http2.request(fields, { endStream: false });
  stream.on("response", ({ ":status": status = 0, ...headers }) => {
    session.call((connection, now) => connection.receiveResponse(Number(status), headers as Fields, now));
  });
  join(stream, session, new Http2Transport(stream, session));
  return http2.socket === undefined ? null : addressOf(http2.socket);
}

/** What the server has said of itself, which it does first. */
async function settingsOf(http2: ClientHttp2Session): Promise<{ enableConnectProtocol?: boolean | undefined }> {
  if (http2.remoteSettings?.enableConnectProtocol === undefined) {
    await once(http2, "remoteSettings");
  }
  return http2.remoteSettings;
}

/** Pairs as `node:http2` takes them: a name that is repeated has an array of values. */
function fieldsOf(pairs: readonly Header[]): Fields {
  const fields: Fields = Object.create(null) as Fields;
  for (const [name, value] of pairs) {
    fields[name] = name in fields ? [fields[name] ?? [], value].flat() : value;
  }
  return fields;
}
