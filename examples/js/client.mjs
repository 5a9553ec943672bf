// What all clients have in common: each line of standard input is sent as a text message, each message received is printed
// as a line, and the end of the input closes the connection. The last line printed is `closed CODE REASON`.
// DEFLATE=1 in the environment offers compression.

import { Buffer } from "node:buffer";
import process from "node:process";

/** The options of the clients. */
export const options = {
  deflate: process.env.DEFLATE === "1",
  receiveWhileClosing: true, // for the echoes of what was sent before the end of the input
};

/** Sends the lines, and prints what comes back. Returns what the program ends with: 0 after a clean close. */
export async function run(connection, input, print) {
  const sending = send(connection, input).catch((error) => console.error(error.message));
  for await (const message of messages(connection)) {
    print(typeof message === "string" ? message : Buffer.from(message).toString("hex"));
  }
  const { clean, code, reason } = await connection.closed;
  print(["closed", code, reason].filter((word) => word !== "").join(" "));
  await Promise.race([sending, connection.closed]);
  return clean ? 0 : 1;
}

async function send(connection, input) {
  for await (const line of lines(input)) {
    await connection.send(line);
  }
  await connection.close();
}

/** The messages, until the connection ends in whatever way. */
async function* messages(connection) {
  try {
    yield* connection;
  } catch (error) {
    if (error.name !== "ConnectionClosedError") {
      throw error;
    }
  }
}

/** The lines of a stream of bytes, however long. Only a line feed ends a line. */
export async function* lines(chunks) {
  const decoder = new TextDecoder();
  let pieces = [];
  for await (const chunk of chunks) {
    const [rest, ...begun] = decoder.decode(chunk, { stream: true }).split("\n");
    pieces.push(rest);
    for (const piece of begun) {
      yield pieces.join("");
      pieces = [piece];
    }
  }
  const last = pieces.join("") + decoder.decode();
  if (last !== "") {
    yield last;
  }
}
