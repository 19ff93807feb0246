/** Nothing happens on import, on a server neither: `load` defines the elements. */
import { ELEMENTS } from "./elements.js";
import { define } from "./loader/element.js";
import { type Options, type Restock, start } from "./loader/load.js";

export type { Happened, RestockElement } from "./loader/element.js";
export type { Options, Restock, Session } from "./loader/load.js";
export type { Component, Happening, Happenings, Locale, Look, Scheme, Theme } from "./protocol.js";

/**
 * Define the elements and start those on the page, now and later; resolves when they are defined. Called again, the
 * last options are in force.
 */
export async function load(options: Options): Promise<Restock> {
  define(ELEMENTS);
  return start(options);
}
