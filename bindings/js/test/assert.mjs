// What the tests need to claim things, in every runtime.

export function equal(actual, expected, what = "value") {
  const [left, right] = [write(actual), write(expected)];
  if (left !== right) {
    throw new Error(`${what}: got ${cut(left)}, expected ${cut(right)}`);
  }
}

export function ok(claim, what) {
  if (!claim) {
    throw new Error(what);
  }
}

/** Claims that a call throws an error with this `code`, and returns the error. */
export function refused(code, call) {
  let result;
  try {
    result = call();
  } catch (error) {
    equal(error.code, code, `code of "${error.message}"`);
    return error;
  }
  throw new Error(`${call} returned ${write(result)}, expected ${code}`);
}

// One character for each byte.
const windows1252 = new TextDecoder("windows-1252");

function write(value) {
  return JSON.stringify(value, (_, each) => {
    if (ArrayBuffer.isView(each)) {
      const bytes = new Uint8Array(each.buffer, each.byteOffset, each.byteLength);
      // There is no time to write megabytes as numbers. A decoder takes no memory that is shared, hence the copy.
      return { bytes: bytes.length < 10_000 ? bytes.join(" ") : windows1252.decode(bytes.slice()) };
    }
    return each === undefined ? "undefined" : each;
  });
}

function cut(text) {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
