/** What Web IDL asks of the classes of the web, and JavaScript does not do by itself. */

type Class = abstract new (...given: never[]) => object;

/** Throws a `TypeError` if a call has fewer arguments than it needs. */
export function checkCount(what: string, needed: number, given: number): void {
  if (given < needed) {
    throw new TypeError(`${what} needs ${needed === 1 ? "an argument" : `${needed} arguments`}`);
  }
}

/**
 * Gives a class all that the one has which it extends: attributes, methods and constants of the web are a class's own, and right above
 * its prototype is that of `EventTarget`.
 */
export function complete(name: string, finished: Class, base: Class): void {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(base.prototype as object) as PropertyDescriptorMap;
  const { prototype: _prototype, name: _name, length: _length, ...constants } = Object.getOwnPropertyDescriptors(base) as PropertyDescriptorMap;
  Object.defineProperties(finished.prototype, members);
  Object.setPrototypeOf(finished.prototype, Object.getPrototypeOf(base.prototype) as object);
  Object.defineProperties(finished, constants);
  Object.defineProperty(finished.prototype, Symbol.toStringTag, { value: name, configurable: true });
}
