// What a page loads, gzipped as a server would: the elements' script, and for each component all its frame loads in
// the language that takes more. Prints each, and fails above what was promised.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FOLDER = new URL("../../gateway/api/frame/", import.meta.url);
const read = (name) => readFileSync(new URL(name, FOLDER), "utf8");
const size = (name) => gzipSync(read(name), { level: 9 }).length;
const PARTS = readdirSync(new URL("parts/", FOLDER)).map((name) => `parts/${name}`);

const words = (name) => Math.max(0, ...["en", "zh-CN"].map((locale) => `parts/${name}-${locale}.js`).filter((file) => PARTS.includes(file)).map(size));
const loads = [["restock.js", 4_096, size("restock.js")]];
for (const name of ["tile", "offer", "manage", "consents"]) {
  loads.push([`frame: ${name}`, 25_600, size(`parts/${name}.js`) + words("common") + words(name)]);
}
for (const [name, most, bytes] of loads) {
  console.log(`${name.padEnd(16)} ${String(bytes).padStart(6)} of ${most} bytes gzip${bytes > most ? "  TOO BIG" : ""}`);
}
process.exit(loads.some(([, most, bytes]) => bytes > most) ? 1 : 0);
