// Sansock, where binary messages are views of the read, as those of others are.

import { receiver as receiverWith } from "./sansock.mjs";

export { version } from "./sansock.mjs";

export function receiver(spec, sink) {
  return receiverWith(spec, sink, { views: true });
}
