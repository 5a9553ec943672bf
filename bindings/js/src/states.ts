/**
 * The state of a connection.
 *
 * - `connecting`: the opening handshake is under way.
 * - `open`: messages flow.
 * - `closing`: a Close frame was sent or received.
 * - `closed`: the event `closed` has been delivered, or comes with the next input call.
 */
export type ConnectionState = "connecting" | "open" | "closing" | "closed";

/**
 * What to do with the transport once all output is written.
 *
 * - `open`: read and write on.
 * - `shutdown-write`: shut down the writing side, and read on until the stream ends or the next deadline.
 * - `close`: close it, and `free` the connection.
 */
export type TransportInstruction = "open" | "shutdown-write" | "close";
