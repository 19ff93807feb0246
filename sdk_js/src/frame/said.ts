import type { Locale } from "../protocol.js";
import { type Formats, formats } from "./format.js";
import { WORDS, type Words } from "./words/words.js";

/** Everything a screen needs to speak: the words, the formats, and the language itself. */
export interface Said extends Formats {
  locale: Locale;
  words: Words;
}

export const said = (locale: Locale, currency: string, timezone: string): Said => ({
  locale,
  words: WORDS[locale],
  ...formats(locale, currency, timezone),
});
