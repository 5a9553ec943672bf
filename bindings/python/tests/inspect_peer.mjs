// Shows captures as the JavaScript package does: an array of them in base64 is in a file, and an array
// of texts is written.
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

const { Inspector, loadModule } = await import(pathToFileURL(argv[2]).href);
const shown = (bytes, take) => {
  const inspector = new Inspector(loadModule());
  inspector.push(bytes);
  let wrong = "";
  try {
    inspector.finish();
  } catch (error) {
    wrong = error.message;
  }
  return [...inspector[take]()].join("") + wrong;
};
const captures = JSON.parse(readFileSync(argv[3], "utf8")).map((text) => Buffer.from(text, "base64"));
console.log(JSON.stringify(captures.map((bytes) => [shown(bytes, "takeLines"), shown(bytes, "takeJson")])));
