// What a page loads, gzipped as a server would: the elements' script, and for each component all its frame loads in
// the language that takes more. Prints each, and fails above what was promised.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FOLDER = new URL("../../gateway/api/frame/", import.meta.url);
const read = (name) => readFileSync(new URL(name, FOLDER), "utf8");
const size = (name) => gzipSync(read(name), { level: 9 }).length;
const PARTS = readdirSync(new URL("parts/", FOLDER)).map((name) => `parts/${name}`);

/** A file and all that it imports before it runs. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, path] of read(name).matchAll(/(?:from|import)\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]/g)) {
    closure(new URL(path, new URL(name, "file:///")).pathname.slice(1), found);
  }
  return found;
}

const sum = (names) => [...names].reduce((all, name) => all + size(name), 0);
const words = (name) => Math.max(0, ...["en", "zh-CN"].map((locale) => `parts/${name}-${locale}.js`).filter((file) => PARTS.includes(file)).map(size));
const loads = [["restock.js", 4_096, size("restock.js")]];
for (const name of ["tile", "offer", "manage", "consents"]) {
  const files = new Set([...closure("frame.js"), ...closure(`parts/${name}.js`)]);
  loads.push([`frame: ${name}`, 30_720, sum(files) + words("common") + words(name)]);
}
for (const [name, most, bytes] of loads) {
  console.log(`${name.padEnd(16)} ${String(bytes).padStart(6)} of ${most} bytes gzip${bytes > most ? "  TOO BIG" : ""}`);
}
process.exit(loads.some(([, most, bytes]) => bytes > most) ? 1 : 0);
