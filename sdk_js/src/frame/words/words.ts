import type { Component, Locale } from "../../protocol.js";
import type { common } from "./common.js";
import type { consents } from "./consents.js";
import type { manage } from "./manage.js";
import type { offer } from "./offer.js";
import type { tile } from "./tile.js";

export type Words = (typeof common)["en"] & (typeof offer)["en"] & (typeof tile)["en"] & {
  manage: (typeof manage)["en"];
  consents: (typeof consents)["en"];
};

/** The words that were loaded. */
export const WORDS: Record<Locale, Words> = { en: {} as Words, "zh-CN": {} as Words };

/**
 * Where they are: one file a screen, both languages side by side; the build makes one chunk of each language, so that
 * a merchant loads the words of one screen in one language.
 */
const FILES: Record<Component | "common", Record<Locale, () => Promise<object>>> = {
  common: { en: () => import("./common.js?en"), "zh-CN": () => import("./common.js?zh-CN") },
  tile: { en: () => import("./tile.js?en"), "zh-CN": () => import("./tile.js?zh-CN") },
  offer: { en: () => import("./offer.js?en"), "zh-CN": () => import("./offer.js?zh-CN") },
  manage: {
    en: async () => ({ ...(await import("./manage.js?en")), ...(await FILES.consents.en()) }),
    "zh-CN": async () => ({ ...(await import("./manage.js?zh-CN")), ...(await FILES.consents["zh-CN"]()) }),
  },
  consents: { en: () => import("./consents.js?en"), "zh-CN": () => import("./consents.js?zh-CN") },
};

/** Load what a component says in a language. */
export async function speak(component: Component, locale: Locale): Promise<void> {
  const files = await Promise.all([FILES.common[locale](), FILES[component][locale]()]);
  const { common, tile, offer, ...named } = Object.assign({}, ...files) as Record<string, object>;
  Object.assign(WORDS[locale], common, tile, offer, named);
}
