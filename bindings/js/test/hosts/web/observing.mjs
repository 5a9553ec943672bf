// What both classes are watched by.

/** How a script names an error. */
export function nameOf(error) {
  return `${error instanceof DOMException ? "DOMException " : ""}${error?.name}`;
}

/** Waits for the first of the events `open` and `close`. */
export function outcome(socket) {
  return new Promise((resolve) => {
    if (socket.readyState === 1 || socket.readyState === 3) {
      resolve();
      return;
    }
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("close", resolve, { once: true });
  });
}

/** Closes a WebSocket and waits for its end. */
export function ended(socket) {
  return new Promise((resolve) => {
    if (socket.readyState === 3) {
      resolve();
      return;
    }
    socket.addEventListener("close", resolve, { once: true });
    socket.close();
  });
}

/** Waits for an event. */
export function next(socket, type) {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

/** Waits for a number of messages, and returns what they carry. */
export function messages(socket, count) {
  return new Promise((resolve) => {
    const data = [];
    const take = (event) => {
      data.push(event.data);
      if (data.length === count) {
        socket.removeEventListener("message", take);
        resolve(data);
      }
    };
    socket.addEventListener("message", take);
  });
}

/** Writes down each event with the state at that time; those of `close` with what they say. */
export function eventsOf(socket) {
  const events = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, (event) => {
      const details = type === "close" ? [event.code, event.reason, event.wasClean] : [];
      events.push([type, socket.readyState, ...details].join(" "));
    });
  }
  return events;
}

/** Lets everything happen that waits for nothing from outside. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** What a message carries, for a transcript. */
export async function written(data) {
  if (typeof data === "string") {
    return data;
  }
  const kind = Object.prototype.toString.call(data).slice(8, -1);
  const buffer = data instanceof Blob ? await data.arrayBuffer() : data;
  const bytes = ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  return `${kind} ${Array.from(bytes).join(" ")}`;
}
