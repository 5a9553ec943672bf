declare module "*/vectors.mjs" {
  /** Replays a case of core/vectors. Returns the lines of the transcript for each step. */
  export function replay(
    given: { setup: readonly (readonly [string, string])[]; steps: readonly { call: string }[] },
    interfaces: object,
    byteByByte: boolean,
  ): string[][];
}
