import { expect, test } from "vitest";
import { asked, COMPONENTS, message, themeOf, understood } from "../src/protocol.js";

const look = { locale: "en", theme: {} } as const;
const open = { type: "open", client_secret: "s", component: "offer", ...look } as const;

test("what was posted is what is heard", () => {
  expect(asked(message(open))).toEqual(open);
  const dark = { type: "look", locale: "zh-CN", theme: { scheme: "dark", radius: 8, font: "Inter" } } as const;
  expect(asked(message(dark))).toEqual(dark);
  expect(understood(message({ type: "hello" }))).toMatchObject({ type: "hello" });
});

const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`) as unknown;
test.each([
  ["nothing", null],
  ["a number", 1],
  ["text", "open"],
  ["a list", [1]],
  ["another's message", { type: "open", client_secret: "s" }],
  ["another version's", { ...open, restock: 2 }],
  ["no type", { restock: 1 }],
  ["a type of another kind", { restock: 1, type: { toString: "open" } }],
  ["a command nobody knows", { restock: 1, type: "confirm", quote_id: "quo_1" }],
  ["a secret that is no text", { ...open, restock: 1, client_secret: { deep } }],
  ["a secret without end", { ...open, restock: 1, client_secret: "s".repeat(1_000_000) }],
  ["a component nobody knows", { ...open, restock: 1, component: "__proto__" }],
])("%s is not heard", (_, data) => {
  expect(asked(data)).toBeUndefined();
});

test("of a look only what is on the list comes in, and of its type", () => {
  const given = { scheme: "neon", radius: "8px", font: "x".repeat(1_000), background: "url(//evil)", deep };
  expect(themeOf(given)).toEqual({});
  expect(themeOf(undefined)).toEqual({});
  expect(themeOf({ radius: Number.NaN, scheme: "dark" })).toEqual({ scheme: "dark" });
  expect(asked({ restock: 1, type: "look", locale: "xx", theme: "red" })).toEqual({ type: "look", ...look });
  expect(COMPONENTS).toHaveLength(4);
});
