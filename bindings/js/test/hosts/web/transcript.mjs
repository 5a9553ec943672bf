// Runs the script over a class, and writes down what it shows.

import { closing } from "./closing.mjs";
import { constructing } from "./constructing.mjs";
import { living } from "./living.mjs";
import { nameOf } from "./observing.mjs";
import { badServer, goodServer, nobody } from "./servers.mjs";
import { streaming } from "./streaming.mjs";

/** The parts of the script, by the class that they look at. */
export const SCRIPTS = { WebSocket: { ...constructing, ...living, ...closing }, WebSocketStream: streaming };

/** What a part of the script shows of a class: each observation and its value, or the error that was thrown, as text. */
export async function transcript(name, Class, part) {
  const shown = {};
  const note = async (what, look) => {
    if (Object.hasOwn(shown, what)) {
      throw new Error(`${what} is there twice`);
    }
    try {
      shown[what] = JSON.stringify(await look()) ?? "undefined";
    } catch (error) {
      shown[what] = `throws ${nameOf(error)}`;
    }
  };
  const server = await goodServer();
  await SCRIPTS[name][part]({ [name]: Class, note, server, raw: await badServer(), nobody: await nobody() });
  return shown;
}
