import { type Component, type Locale, type Look, type Theme, themeOf } from "../protocol.js";

/** How long a partner's server has for its answer. */
const SESSION_MS = 15_000;

/** What a partner's server answers: the gateway's answer to POST /v1/widget/sessions, unchanged. */
export interface Session {
  client_secret: string;
  frame_url: string;
}

/** How to reach the gateway and the partner's own server. */
export interface Options {
  /** The gateway's origin, as `https://gateway.example`. */
  gateway: string;
  /**
   * Asks the partner's own server for a session for one component; called again before each runs out. Null: this shop
   * has none, and the element says `empty`. `signal` aborts after 15 seconds, when the element asks anew.
   */
  fetchSession: (component: Component, signal: AbortSignal) => Promise<Session | null>;
  /** A language tag; Chinese in any form is zh-CN, everything else en. The page's own language where it is left out. */
  locale?: string;
  theme?: Theme;
}

/** What can be changed while the elements stand; what is left out stays. */
export interface Changes {
  locale?: string;
  theme?: Theme;
}

/** What `load` gives back. */
export interface Restock {
  /** Change language or look of every element; each asks again where the shop stands, so `{}` serves after a sale. */
  update(changes: Changes): void;
}

/** The options in force, for every element of the page. */
export interface Loaded {
  gateway: string;
  fetchSession: Options["fetchSession"];
  look: Look;
}

/** One for a page, however often this script is on it. */
interface Shared {
  now?: Loaded;
  /** Tells elements that `now` changed: `load` or `look`. */
  changes: EventTarget;
}

const KEY = Symbol.for("restock.1");
const scope = globalThis as { [KEY]?: Shared };
export const shared: Shared = (scope[KEY] ??= { changes: new EventTarget() });

const spoken = (tag: string): Locale => (/^zh\b/i.test(tag) ? "zh-CN" : "en");

/** Start every element on the page, now and later. Raises TypeError when `gateway` is no address. */
export function start({ gateway, fetchSession, locale, theme }: Options): Restock {
  const language = locale ?? globalThis.document?.documentElement.lang ?? "";
  const look = { locale: spoken(language), theme: themeOf(theme) };
  put("load", { gateway: new URL(gateway).origin, fetchSession, look });
  return {
    update(changes) {
      const { look } = shared.now!;
      const spoken_ = changes.locale === undefined ? look.locale : spoken(changes.locale);
      put("look", { ...shared.now!, look: { locale: spoken_, theme: { ...look.theme, ...themeOf(changes.theme) } } });
    },
  };
}

function put(what: "load" | "look", loaded: Loaded): void {
  shared.now = loaded;
  shared.changes.dispatchEvent(new Event(what));
}

/** A session for `component`, or null where there is none. Raises what the page's function did, or an error of ours. */
export async function ask({ gateway, fetchSession }: Loaded, component: Component): Promise<Session | null> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error("fetchSession took too long")), SESSION_MS);
  const late = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason));
  });
  try {
    const found = await Promise.race([fetchSession(component, limit.signal), late]);
    if (found === null) return null;
    const { client_secret, frame_url } = Object(found) as Session;
    if (typeof client_secret !== "string") throw new Error("fetchSession gave no client_secret");
    if (new URL(frame_url).origin !== gateway) throw new Error("frame_url is not the gateway's");
    return { client_secret, frame_url };
  } finally {
    clearTimeout(timer);
  }
}
