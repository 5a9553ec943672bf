import type { Engine } from "./engine.js";
import { BLOCK, BLOCK_FLAG } from "./numbers.js";

/** Larger outputs are reported at once, in bytes: the engine holds the memory of an output until it is reported. */
const DEFERRED_MAX = 1 << 16;

/**
 * Reports of written output that wait for the next call on the connection, which makes sending a message one call, not two.
 *
 * The engine says in the block whether a report may wait; it is then left behind the block. One connection at a time has
 * a report that waits, so that not all of them hold the memory of their output.
 */
export class WrittenReports {
  readonly #engine: Engine;
  /** The connection whose report waits, or waited; 0 if none did. */
  #deferred = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Reports all `length` bytes of a connection's output as written, now or with the connection's next call.
   *
   * @param view Linear memory, in which its block lies at `block`.
   */
  report(view: DataView, connection: number, block: number, length: number): void {
    const { calls } = this.#engine;
    const mayDefer = (view.getUint16(block + BLOCK.FLAGS, true) & BLOCK_FLAG.DEFER_WRITTEN) !== 0;
    if (!mayDefer || length > DEFERRED_MAX) {
      this.#engine.check(calls.conn_written(connection, length));
      return;
    }
    view.setUint32(block + BLOCK.OUTPUT_LEN, 0, true);
    view.setUint32(block + BLOCK.WRITTEN, length, true);
    if (connection !== this.#deferred) {
      if (this.#deferred !== 0) {
        // Any call on a connection makes its report. This one is harmless if the connection has been freed.
        calls.conn_written(this.#deferred, 0);
      }
      this.#deferred = connection;
    }
  }
}
