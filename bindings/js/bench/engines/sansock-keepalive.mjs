// Sansock with a keepalive, which must see that bytes arrive: payloads that reads cut go through the module.

import { receiver as receiverWith } from "./sansock.mjs";

export { version } from "./sansock.mjs";

export function receiver(spec, sink) {
  return receiverWith(spec, sink, { pingInterval: 3_600_000 });
}
