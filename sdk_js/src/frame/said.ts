import type { Locale } from "../protocol.js";
import { type Formats, formats } from "./format.js";
import { en, type Words } from "./words/en.js";
import { zh } from "./words/zh.js";

/** Everything a screen needs to speak: the words, the formats, and the language itself. */
export interface Said extends Formats {
  locale: Locale;
  words: Words;
}

export const said = (locale: Locale, currency: string, timezone: string): Said => ({
  locale,
  words: locale === "zh-CN" ? zh : en,
  ...formats(locale, currency, timezone),
});
