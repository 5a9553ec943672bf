// A headless Chromium with a profile of its own.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--ignore-certificate-errors",
  "--no-first-run",
  "--no-sandbox",
];

/** Starts it. Returns the browser, and how to close it and to remove its profile. */
export async function launch() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executablePath = paths.find((path) => existsSync(path));
  if (executablePath === undefined) {
    console.error("error: no Chromium: neither `chromium` nor `chromium-browser` nor `google-chrome` is in PATH");
    process.exit(1);
  }
  const profile = await mkdtemp(join(tmpdir(), "sansock-chromium-"));
  const browser = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, headless: true });
  const close = async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { browser, close };
}
