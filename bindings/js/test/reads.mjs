// Messages that are cut by reads: bytes that cannot produce an event yet are gathered, and large payloads for a client stay
// out of the module.

import { equal, ok } from "./assert.mjs";
import { connected, drained } from "./pair.mjs";

const LENGTHS = [0, 1, 125, 126, 1000, 4095, 4096, 5000, 16_384, 65_535, 65_536, 70_000];
const CUTS = [1, 2, 7, 16, 100, 1460, 4100, 65_536];

export function reads(sansock) {
  const { Connection } = sansock;
  const ends = (role, options) => ({
    receiver: open(Connection, role, options),
    sender: open(Connection, role === "client" ? "server" : "client"),
  });
  const half = (role, length, options) => {
    const { receiver, sender } = ends(role, options);
    sender.send(filled(length));
    const output = sender.takeOutput();
    const middle = output.length >> 1;
    equal(receiver.receive(output.subarray(0, middle), 0), []);
    // Small enough to be gathered.
    equal(receiver.receive(output.subarray(middle, middle + 10), 0), []);
    return { receiver, sender, rest: output.subarray(middle + 10) };
  };
  // The engine reads all of 1,000 bytes, but only the header of 100,000 for a client.
  const cases = [["server", 1000], ["server", 100_000], ["client", 1000], ["client", 100_000]];
  const all = (run) => () => cases.forEach(([role, length]) => run(role, length));
  return [
    {
      name: "every cut gives the same events, in the same order",
      run: () => {
        for (const role of ["client", "server"]) {
          const { sender } = ends(role);
          LENGTHS.forEach((length, index) => {
            sender.send(filled(length, index));
            sender.send("é".repeat(length));
            if (index % 4 === 0) {
              sender.ping(`ping ${index}`);
              sender.sendPart(filled(5000, index), false);
              sender.ping("between");
              sender.sendPart(filled(5000), true);
            }
          });
          sender.close(1000, "end", 0);
          const output = drained(sender);
          const whole = received(open(Connection, role), output, output.length);
          equal(whole.at(-1).type, "closed");
          for (const options of [{}, { views: true }, { pingInterval: 1000 }, { receiveWhileClosing: true }]) {
            for (const size of CUTS) {
              const events = received(open(Connection, role, options), output, size);
              ok(same(events, whole), `${role}, ${JSON.stringify(options)}, reads of ${size} bytes`);
            }
          }
        }
      },
    },
    {
      name: "a chunk may be filled again after it was gathered",
      run: all((role, length) => {
        const { receiver, sender } = ends(role);
        sender.send(filled(length));
        const output = sender.takeOutput();
        const chunk = new Uint8Array(64);
        const events = [];
        for (let at = 0; at < output.length; at += chunk.length) {
          const piece = output.subarray(at, at + chunk.length);
          chunk.set(piece);
          events.push(...receiver.receive(chunk.subarray(0, piece.length)));
          chunk.fill(0xee);
        }
        equal(events.map(({ data }) => data), [filled(length)]);
      }),
    },
    {
      name: "with views, a message that is whole in the chunk is a view, and one that is cut is not",
      run: () => {
        const { receiver, sender } = ends("client", { views: true });
        sender.send(filled(10_000));
        sender.send(filled(10_000, 1));
        const output = sender.takeOutput();
        const [first] = receiver.receive(output.subarray(0, 15_000));
        ok(first.data.buffer === output.buffer, "a view");
        const [second] = receiver.receive(output.subarray(15_000));
        ok(second.data.buffer !== output.buffer, "a copy");
        equal([first.data, second.data], [filled(10_000), filled(10_000, 1)]);
      },
    },
    {
      name: "with a keepalive, only messages that are whole in the chunk are views",
      run: () => {
        const { receiver, sender } = ends("client", { views: true, pingInterval: 100 });
        for (const length of [4096, 65_535, 65_536, 100_000]) {
          sender.send(filled(length));
          const output = sender.takeOutput();
          const [event] = receiver.receive(output, 0);
          ok(event.data.buffer === output.buffer, "a view");
          equal(event.data, filled(length));
          sender.send(filled(length));
          const again = sender.takeOutput();
          equal(receiver.receive(again.subarray(0, -1), 0), []);
          equal(receiver.receive(again.subarray(-1), 0).map(({ data }) => data), [filled(length)]);
        }
      },
    },
    {
      name: "the end of the stream in the middle of a message",
      run: all((role, length) => {
        const { receiver, rest } = half(role, length);
        equal(receiver.receiveEof(0).map(({ type, code, fault }) => [type, code, fault.name]), [["closed", 1006, "EOF"]]);
        ok(role === "server" || receiver.memoryUsage() < 8192, `it holds ${receiver.memoryUsage()} bytes`);
        equal(receiver.receive(rest, 0), []);
        equal(receiver.state, "closed");
      }),
    },
    {
      name: "a message that ends after our own Close",
      run: all((role, length) => {
        for (const receiveWhileClosing of [false, true]) {
          const { receiver, sender, rest } = half(role, length, { receiveWhileClosing });
          receiver.close(1000, "", 0);
          sender.receive(receiver.takeOutput(), 0);
          sender.receive(new Uint8Array(0), 0);
          const events = [...receiver.receive(rest, 0), ...receiver.receive(drained(sender), 0)];
          const types = receiveWhileClosing ? ["binary", "closing"] : ["closing"];
          equal(events.map(({ type }) => type).filter((type) => type !== "closed"), types);
          ok(receiver.state !== "open", receiver.state);
        }
      }),
    },
    {
      name: "a connection that fails in the middle of a message",
      run: all((role, length) => {
        const { receiver, rest } = half(role, length, { receiveWhileClosing: true });
        receiver.fail(1011, "", 0);
        const events = receiver.receive(rest.subarray(0, 1), 0);
        equal(events.map(({ type, sentCode }) => [type, sentCode]), [["closed", 1011]]);
        equal(receiver.receive(rest.subarray(1), 0), []);
        const other = half(role, length).receiver;
        other.fail(1011, "", 0);
        equal(other.timeout(0).map(({ type, sentCode }) => [type, sentCode]), [["closed", 1011]]);
      }),
    },
    {
      name: "the deadline of the Close passes in the middle of a message",
      run: all((role, length) => {
        const { receiver, rest } = half(role, length, { closeTimeout: 100, receiveWhileClosing: true });
        receiver.close(1000, "", 0);
        receiver.takeOutput();
        equal(receiver.timeout(100).map(({ type, fault }) => [type, fault.name]), [["closed", "CLOSE_TIMEOUT"]]);
        equal(receiver.receive(rest, 100), []);
      }),
    },
    {
      name: "bytes that were gathered show that the peer is alive",
      run: all((role, length) => {
        const { receiver, sender } = ends(role, { pingInterval: 100, pongTimeout: 50 });
        sender.send(filled(length));
        const output = sender.takeOutput();
        receiver.receive(output.subarray(0, 20), 0);
        for (let time = 100, at = 20; time < 1000; time += 10, at += 1) {
          equal(receiver.receive(output.subarray(at, at + 1), time), []);
          equal(receiver.timeout(time), [], `at ${time}`);
          receiver.takeOutput();
          ok(receiver.nextDeadline > time, "nothing is overdue");
        }
        equal(receiver.timeout(1100), []);
        receiver.takeOutput();
        equal(receiver.timeout(receiver.nextDeadline).map((event) => event.fault.name), ["PONG_TIMEOUT"]);
      }),
    },
    {
      name: "bytes that came before the pong's deadline count, though the engine sees them after it",
      run: all((role, length) => {
        const { receiver, sender } = ends(role, { pingInterval: 100, pongTimeout: 50 });
        sender.send(filled(length));
        const output = sender.takeOutput();
        receiver.receive(output.subarray(0, 20), 0);
        equal(receiver.timeout(100), []);
        ok(receiver.takeOutput().length > 0, "a ping");
        equal(receiver.receive(output.subarray(20, 30), 120), []);
        equal(receiver.timeout(170), []);
        equal(receiver.state, "open");
      }),
    },
    {
      name: "limits",
      run: () => {
        for (const role of ["client", "server"]) {
          const { receiver, sender } = ends(role, { maxMessageSize: 10_000 });
          sender.send(filled(10_000));
          sender.send(filled(10_001));
          const events = received(receiver, sender.takeOutput(), 1460);
          equal(events.map(({ type, fault }) => fault?.name ?? type), ["binary", "MESSAGE_TOO_BIG"]);
        }
      },
    },
    {
      name: "memory grows with what has arrived, not with what is announced, and is counted",
      run: () => {
        for (const role of ["client", "server"]) {
          const { receiver, sender } = ends(role);
          sender.send(new Uint8Array(10_000_000));
          const output = sender.takeOutput();
          const idle = receiver.memoryUsage();
          let before = 0;
          for (const count of [20, 100, 5000, 50_000, 1_000_000]) {
            receiver.receive(output.subarray(before, count));
            before = count;
            const used = receiver.memoryUsage() - idle;
            ok(used >= count - 20 && used <= 9 * count + 4096, `${role}: ${used} bytes for ${count}`);
          }
          const [event] = receiver.receive(output.subarray(before));
          equal(event.data.length, 10_000_000);
          ok(receiver.memoryUsage() < idle + 20_000_000, "no more than the message");
        }
      },
    },
    {
      name: "what looks like a header inside a payload is none",
      run: () => {
        // The header of a binary message of 4,096 bytes.
        const header = [0x82, 0x7e, 0x10, 0x00];
        const inside = header.concat(Array(60).fill(0x61));
        for (const first of [0x81, 0x82, 0x89, 0x8a]) {
          const payload = first === 0x81 ? inside.map((byte) => byte & 0x7f) : inside;
          const frame = Uint8Array.of(first, payload.length, ...payload);
          const rest = new Uint8Array(5000);
          for (let cut = 1; cut <= frame.length; cut++) {
            const receiver = open(Connection, "client");
            const events = receiver.receive(frame.subarray(0, cut), 0);
            events.push(...receiver.receive(Uint8Array.of(...frame.subarray(cut), ...header, ...rest.subarray(0, 4096)), 0));
            equal(events.map(({ type }) => type).filter((type) => type !== "ping" && type !== "pong").at(-1), "binary");
            equal(events.at(-1).data.length, 4096);
            equal(events.length, 2);
          }
        }
      },
    },
    {
      name: "text that is not UTF-8 is found at once",
      run: () => {
        const receiver = open(Connection, "client");
        receiver.receive(Uint8Array.of(0x81, 20, 0x61), 0);
        const [event] = receiver.receive(Uint8Array.of(0xff), 0);
        equal(event.fault.name, "BAD_TEXT");
      },
    },
    {
      name: "the memory of output that is written is held by one connection at a time, and not if it is much",
      run: () => {
        const [first, second] = [1, 2].map(() => Connection.server({ startOpen: true, outputSoftLimit: 1_000_000 }));
        const idle = first.memoryUsage();
        for (const connection of [first, second]) {
          connection.send(new Uint8Array(50_000));
          connection.takeOutput();
        }
        equal(first.memoryUsage(), idle);
        second.send(new Uint8Array(100_000));
        second.takeOutput();
        ok(second.memoryUsage() <= idle + 128, `it holds ${second.memoryUsage()} bytes`);
      },
    },
    {
      name: "output that was taken is gone, whatever is called next",
      run: () => {
        const { client, server } = connected(sansock);
        const calls = [
          () => client.send("next"),
          () => client.ping("x", 0),
          () => client.receive(new Uint8Array(0), 0),
          () => client.timeout(0),
          () => client.setCompression(false),
          () => client.sendBatch(["a"]),
        ];
        for (const call of calls) {
          client.send("first");
          const first = client.takeOutput();
          equal([client.pendingOutput, client.output().length, client.writable], [0, 0, true]);
          call();
          const next = client.takeOutput();
          const [event, ...none] = server.receive(first, 0);
          equal([event.data, none], ["first", []]);
          ok(server.receive(next, 0).every(({ data }) => data !== "first"), "sent once");
        }
        client.send("first");
        server.send("other");
        client.takeOutput();
        server.takeOutput();
        equal([client.pendingOutput, server.pendingOutput], [0, 0]);
        client.written(0);
        client.send(filled(100_000));
        ok(!client.writable, "above the limit");
        equal(client.takeOutput().length, 100_014);
        ok(client.writable, "written");
      },
    },
  ];
}

function open(Connection, role, options = {}) {
  const all = { startOpen: true, now: 0, ...options };
  return role === "client" ? Connection.client(null, all) : Connection.server(all);
}

function received(connection, output, size) {
  const events = [];
  for (let at = 0; at < output.length; at += size) {
    events.push(...connection.receive(output.slice(at, at + size), 0));
  }
  while (connection.more) {
    events.push(...connection.receive(new Uint8Array(0), 0));
  }
  return events;
}

/** Whether two lists of events are the same. Quicker than to write them down. */
function same(some, others) {
  return some.length === others.length && some.every((event, index) => sameEvent(event, others[index]));
}

function sameEvent(one, other) {
  const bytes = one.data ?? one.payload;
  if (!(bytes instanceof Uint8Array)) {
    return JSON.stringify(one) === JSON.stringify(other);
  }
  const others = other.data ?? other.payload;
  return one.type === other.type && bytes.length === others.length && bytes.every((byte, at) => byte === others[at]);
}

/** Bytes that differ from those of another number. */
function filled(length, number = 0) {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + number) & 0xff);
}
