/** Nothing happens on import: `load` defines the elements. */
import { ELEMENTS } from "./elements.js";
import { define } from "./loader/element.js";
import { type Options, type Restock, start } from "./loader/load.js";

export type { Options, Restock, Session } from "./loader/load.js";
export type { Component, Happening, Happenings, Locale, Look, Scheme, Theme } from "./protocol.js";

/** Define the elements and start those on the page; resolves when they are defined. */
export async function load(options: Options): Promise<Restock> {
  define(ELEMENTS);
  return start(options);
}
