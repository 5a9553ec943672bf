// Two connections that talk in memory.

/** Passes output from each to the other until neither has any. Returns the events of both. */
export function exchange(client, server, now = 0) {
  const events = { client: [], server: [] };
  const idle = () => client.pendingOutput === 0 && server.pendingOutput === 0 && !client.more && !server.more;
  do {
    events.server.push(...server.receive(client.takeOutput(), now));
    events.client.push(...client.receive(server.takeOutput(), now));
  } while (!idle());
  return events;
}

/** A client and a server whose handshake is done. */
export function connected({ Connection }, options = {}) {
  const client = Connection.client("ws://example.com/", { now: 0, ...options.client });
  const server = Connection.server({ now: 0, ...options.server });
  exchange(client, server);
  server.accept(null, [], 0);
  exchange(client, server);
  return { client, server };
}

/** All output of a connection. */
export function drained(connection) {
  const output = connection.takeOutput();
  return connection.pendingOutput === 0 ? output : Uint8Array.from([...output, ...drained(connection)]);
}
