// What a relay sees, in the page that it serves: entries come while the connection is open.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { connect, serve } from "../../../bindings/js/dist/node/index.js";
import { BROWSERS, launch, openPage, pathOf, until } from "./browsers.mjs";

const COMMAND = pathOf("../../../bindings/js/dist/command/main.js");

let server;
let relay;
let target;
let view;
before(async () => {
  server = await serve({ hostname: "127.0.0.1", port: 0, origins: "any" }, async (connection) => {
    for await (const message of connection) await connection.send(message);
  });
  relay = spawn(process.execPath, [COMMAND, "relay", "--to", server.url, "--listen", "0", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: relay.stdout })) {
    target ??= /^listening on (\S+),/.exec(line)?.[1];
    view = /^look at (\S+)/.exec(line)?.[1];
    if (view !== undefined) break;
  }
});
after(async () => {
  const ended = once(relay, "exit");
  if (relay.exitCode === null && relay.kill("SIGTERM")) await ended;
  await server.close();
});

for (const name of Object.keys(BROWSERS)) {
  test(`${name} shows messages as they come`, async () => {
    const browser = await launch(name);
    try {
      const page = await browser.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(view);
      await until(page, () => document.getElementById("status").textContent === "connected to the relay");
      const connection = await connect(target);
      for (const text of [`first for ${name}`, `second for ${name}`]) {
        await connection.send(text);
        assert.equal(await connection.receive(), text);
        await until(page, (sent) => document.getElementById("list").innerText.split(sent).length > 4, text);
      }
      await connection.close();
      await until(page, () => /closed/.test(document.getElementById("list").innerText));
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
    }
  });
}

for (const name of Object.keys(BROWSERS)) {
  test(`${name} talks to a server itself, and shows the messages`, async () => {
    const browser = await launch(name);
    try {
      const { page, errors } = await openPage(browser);
      await page.click("#connect");
      await page.type("#connect-url", server.url);
      await page.click("#connect-form button[type=submit]");
      await until(page, () => document.getElementById("list").innerText.includes("open"));
      await page.type("#message", "<b>hello</b>");
      await page.keyboard.press("Enter");
      await until(page, () => document.getElementById("list").innerText.split("<b>hello</b>").length === 3);
      await page.click("#talk > button");
      await until(page, () => /closed/.test(document.getElementById("list").innerText));
      assert.equal(await page.evaluate(() => document.getElementById("errors").hidden), true);
      await page.click("#connect");
      await page.evaluate(() => (document.getElementById("connect-url").value = "no url at all:"));
      await page.click("#connect-form button[type=submit]");
      await until(page, () => document.getElementById("errors").innerText.includes("not possible"));
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
    }
  });
}

test("a page without the token sees nothing", async () => {
  const browser = await launch("chrome");
  try {
    const page = await browser.newPage();
    await page.goto(view.replace(/live=\w+/, "live=0123456789abcdef"));
    await until(page, () => document.getElementById("errors").textContent.includes("the relay does not answer"));
    assert.equal(await page.evaluate(() => document.querySelectorAll("#list [role=option]").length), 0);
  } finally {
    await browser.close();
  }
});
