import type { Component, Locale, Look, Theme } from "../protocol.js";

/** What a partner's server answers: the gateway's answer to POST /v1/widget/sessions, unchanged. */
export interface Session {
  client_secret: string;
  frame_url: string;
}

/** How to reach the gateway and the partner's own server. */
export interface Options {
  /** The gateway's origin, as `https://gateway.example`. */
  gateway: string;
  /** Asks the partner's own server for a session for one component; called again before each runs out. */
  fetchSession: (component: Component) => Promise<Session>;
  locale?: Locale;
  theme?: Theme;
}

/** What `load` gives back. */
export interface Restock {
  /** Change language or look of every element on the page; what is left out stays. */
  update(look: Partial<Look>): void;
}

/** The options in force, for every element of the page. */
export interface Loaded {
  gateway: string;
  fetchSession: Options["fetchSession"];
  look: Look;
}

let resolve: (loaded: Loaded) => void;
/** Fulfilled by `load`; elements that are on the page before it wait. */
export const loaded = new Promise<Loaded>((fulfil) => {
  resolve = fulfil;
});
/** Tells elements that the look changed. */
export const looks = new EventTarget();

/** Start every element on the page, now and later. */
export function start({ gateway, fetchSession, locale = "en", theme = {} }: Options): Restock {
  const own: Loaded = { gateway: new URL(gateway).origin, fetchSession, look: { locale, theme } };
  resolve(own);
  return {
    update(look) {
      own.look = { ...own.look, ...look };
      looks.dispatchEvent(new Event("change"));
    },
  };
}
