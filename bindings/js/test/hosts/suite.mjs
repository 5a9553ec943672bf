// All tests of the hosts, for whatever runs them: a list of `{ name, run }`, or `{ name, skip }` with the reason.

import { answeringClose } from "./answering-close.mjs";
import { broadcasting } from "./broadcast.mjs";
import { cleanUp } from "./cleanup.mjs";
import { connect } from "./connect.mjs";
import { connection } from "./connection.mjs";
import { ending } from "./ending.mjs";
import { inspection } from "./inspect.mjs";
import { peers } from "./peers.mjs";
import { receiving } from "./receiving.mjs";
import { sending } from "./sending.mjs";
import { serve } from "./serve.mjs";
import { session } from "./session.mjs";
import { slow } from "./slow.mjs";
import { webDifferences } from "./web-differences.mjs";
import { webSocketStream } from "./web-socket-stream.mjs";
import { webSocket } from "./web-socket.mjs";
import { wsOpening } from "./ws-client.mjs";
import { wsDifferences } from "./ws-differences.mjs";
import { wsMessages } from "./ws-messages.mjs";
import { wsServer } from "./ws-server.mjs";

const TOPICS = { answeringClose, broadcasting, sending, session, slow, ending, receiving, connection, serve, connect, peers, webSocket, webSocketStream, webDifferences, wsServer, wsOpening, wsMessages, wsDifferences, inspection };
/** In milliseconds. No test takes as long. */
const LIMIT = 20_000;

/** A test that does not end fails. */
function inTime({ run, ...others }) {
  const limited = async () => {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("it has not ended in time")), LIMIT);
    });
    try {
      await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
      await cleanUp();
    }
  };
  return run === undefined ? others : { ...others, run: limited };
}

export const tests = Object.entries(TOPICS).flatMap(([topic, list]) =>
  list.map((each) => inTime({ ...each, name: `${topic}: ${each.name}` })),
);
