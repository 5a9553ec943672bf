// A stream of node:http2 as the driver wants it, and fields as node:http2 wants them.

import { constants } from "node:http2";

import { transport } from "./transport.mjs";

/** `driver` is called later, when there is one. */
export function http2Transport(stream, driver) {
  return {
    ...transport(stream, driver),
    sendHead({ status, headers, body }) {
      stream.respond({ ":status": status, ...toObject(headers) });
      stream.write(body);
    },
    // RFC 8441 section 5: the end of our side, and a reset unless the peer has ended its own.
    close: () => stream.end(() => stream.readableEnded || stream.close(constants.NGHTTP2_CANCEL)),
  };
}

/** Pairs as an object, where a name that is repeated has an array of values. */
export function toObject(pairs) {
  const fields = Object.create(null);
  for (const [name, value] of pairs) {
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}
