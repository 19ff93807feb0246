import type { Locale } from "../../protocol.js";
import { badges } from "./badges.js";
import { common } from "./common.js";
import { manage } from "./manage.js";
import { tile } from "./tile.js";

const words = (locale: Locale) => ({ ...common[locale], ...badges[locale], ...tile[locale], manage: manage[locale] });

/** Everything the frame says. One file a screen, both languages side by side. */
export const WORDS = { en: words("en"), "zh-CN": words("zh-CN") };
export type Words = (typeof WORDS)["en"];
