// What the frame's build does to its sources, so that merchants load less.
import type { Plugin } from "vite";

const LANGUAGES = ["en", "zh-CN"];
interface Node {
  type: string;
  start: number;
  end: number;
}
interface Call extends Node {
  callee?: { name?: string };
  arguments: Node[];
}
interface Exported extends Node {
  declaration?: { declarations?: { init?: Call }[] };
}

/** `words.js?en` is `words.js` with the first argument of its `both(…, …)` alone, `?zh-CN` with the second. */
export const oneLanguage = (): Plugin => ({
  name: "one-language",
  transform(code, id) {
    const at = LANGUAGES.indexOf(id.split("?")[1] ?? "");
    if (at < 0) return undefined;
    const body = this.parse(code).body as unknown as Exported[];
    const calls = body.flatMap(({ declaration }) => declaration?.declarations ?? []).flatMap(({ init }) => (init?.callee?.name === "both" ? [init] : []));
    if (!calls.length) throw new Error(`${id} has no both(…)`);
    for (const call of calls.reverse()) {
      const { start, end } = call.arguments[at]!;
      code = code.slice(0, call.start) + code.slice(start, end) + code.slice(call.end);
    }
    return { code, map: null };
  },
});

/** Style sheets without the white space that nobody sees. */
export const tighter = (): Plugin => ({
  name: "tighter",
  transform(code, id) {
    if (!id.includes("/src/frame/") || !code.includes("css`")) return undefined;
    const tight = (sheet: string) => sheet.replace(/\s+/g, " ").replace(/ ?([{};,]) ?/g, "$1").replace(/: /g, ":").replace(/;\}/g, "}");
    return { code: code.replace(/css`[^`]*`/g, tight), map: null };
  },
});
