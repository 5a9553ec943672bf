/** What a relay sees, as it comes. `sansock relay` serves this page, and the entries at /entries of the same origin. */
import type { Entry } from "../entries.ts";

export interface LiveListener {
  entries: (entries: readonly Entry[]) => void;
  /** The relay, or the connection, has ended. If it was never there the text says so. */
  end: (text: string | undefined) => void;
}

/** Connects to the relay that the page is from. Only who has the token may look. */
export function follow(token: string, listener: LiveListener): void {
  const url = new URL("/entries", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = new URLSearchParams({ token }).toString();
  url.hash = "";
  let isOpen = false;
  const socket = new WebSocket(url);
  socket.addEventListener("open", () => (isOpen = true));
  socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
    listener.entries(
      data
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Entry),
    );
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (!isOpen) listener.end("the relay does not answer, or has another token");
    else listener.end(code === 1013 ? `the relay has stopped: ${reason}; load the page again` : undefined);
  });
}
