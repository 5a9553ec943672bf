import type { Engine } from "./engine.js";

/** RFC 6455 section 7.4.1. */
const MESSAGE_TOO_BIG = 1009;

/**
 * Fails a connection whose peer has sent what this runtime finds no memory for, as the engine does where linear memory ends.
 * What the peer sends never throws.
 *
 * @param error What was thrown. If the engine has failed, it is thrown again.
 */
export function failForMemory(engine: Engine, handle: number, error: unknown): void {
  if (engine.dead) {
    throw error;
  }
  // A connection that is closed refuses it, which does no harm. The engine's clock does not go back to 0.
  engine.calls.conn_fail(handle, MESSAGE_TOO_BIG, 0, 0);
}
