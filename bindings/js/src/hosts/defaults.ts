// Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.

/** The values of the engine's options that a host has to know where they are not set. Sizes are in bytes, times in milliseconds. */
export const DEFAULTS = {
  outputHardLimit: 33554432,
  handshakeTimeout: 10000,
  closeTimeout: 10000,
  writeTimeout: 60000,
} as const;
