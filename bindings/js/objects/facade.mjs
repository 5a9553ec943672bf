// A module with objects in the form of the npm package, so that the tests of the package can run with it: its times may be left out,
// and there is a class of errors.

/** Which argument of each call is the time. */
const CONNECTION_TIMES = {
  receive: 1,
  receiveEof: 0,
  timeout: 0,
  accept: 2,
  reject: 3,
  respond: 4,
  receiveRequest: 2,
  requestFields: 1,
  receiveResponse: 2,
  ping: 1,
  close: 2,
  fail: 2,
  pause: 0,
  resume: 0,
};
const TUNNEL_TIMES = { receive: 1, receiveEof: 0, timeout: 0 };

/** What is thrown is no instance of a class, but says what it is. */
class SansockError extends Error {
  static [Symbol.hasInstance](value) {
    return value instanceof Error && value.name === "SansockError" && typeof value.code === "string" && value.number < 0;
  }
}

/** The module as the package is. The module itself stays as it is. */
export function asPackage({ Connection, PreparedMessage, Tunnel, encodeFrame, parseProxy, parseUrl }) {
  const connection = (made) => timed(made, CONNECTION_TIMES);
  class TimedTunnel {
    constructor(proxy, host, port, options) {
      return timed(new Tunnel(proxy, host, port, withTime(options)), TUNNEL_TIMES);
    }
  }
  return {
    Connection: {
      server: (options) => connection(Connection.server(withTime(options))),
      client: (url, options) => connection(Connection.client(url, withTime(options))),
    },
    PreparedMessage,
    Tunnel: TimedTunnel,
    SansockError,
    encodeFrame,
    parseProxy,
    parseUrl,
  };
}

/** An object whose calls may be made without a time. */
function timed(target, times) {
  const get = (_, name) => {
    const value = target[name];
    if (typeof value !== "function") {
      return value;
    }
    return (...args) => {
      const at = times[name];
      if (at !== undefined && args[at] === undefined) {
        args[at] = clock();
      }
      return value.apply(target, args);
    };
  };
  return new Proxy(target, { get });
}

/** Options with a time, and without the option `views` if it is off. What are no options stay what they are, to be refused. */
function withTime(options = {}) {
  const isObject = typeof options === "object" && options !== null;
  const prototype = isObject ? Object.getPrototypeOf(options) : undefined;
  const isPlain = isObject && (prototype === null || Object.getPrototypeOf(prototype) === null);
  if (!isPlain) {
    return options;
  }
  const { views, ...others } = options;
  const rest = views === undefined || views === false ? others : options;
  return rest.now === undefined ? { ...rest, now: clock() } : rest;
}

function clock() {
  return Math.floor(performance.now());
}
