// What a page loads, gzipped as a server would: prints each file's size, and fails above what was promised.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST = { "restock.js": 4_096, "frame.js": 25_600 };
let over = false;
for (const [name, most] of Object.entries(MOST)) {
  const size = gzipSync(readFileSync(new URL(`../../gateway/api/frame/${name}`, import.meta.url)), { level: 9 }).length;
  over ||= size > most;
  console.log(`${name.padEnd(11)} ${String(size).padStart(6)} of ${most} bytes gzip${size > most ? "  TOO BIG" : ""}`);
}
process.exit(over ? 1 : 0);
