/**
 * What a partner's page and the gateway's frame say to each other. Every message is `{ restock: 1, type, … }`; each
 * side names the other's origin when it speaks and checks it when it hears. No message carries a token, and none makes
 * the frame click.
 */
export const COMPONENTS = ["tile", "offer", "manage", "consents"] as const;
export type Component = (typeof COMPONENTS)[number];

export type Locale = "zh-CN" | "en";
export type Scheme = "light" | "dark" | "auto";

/** Colours as `#rrggbb`: what is pressed, the ground of cards, text. One that could not be read everywhere is not used. */
export interface Colors {
  accent?: string;
  surface?: string;
  ink?: string;
}

/** What a page may change of the look. `radius` is of cards, in pixels; `font` a font family's name. */
export interface Theme {
  scheme?: Scheme;
  radius?: number;
  font?: string;
  colors?: Colors;
}

/** How the frame is to look and speak. */
export interface Look {
  locale: Locale;
  theme: Theme;
}

/**
 * From the page. `open` hands over a session's secret, once; `look` changes language or theme while it runs, and has
 * the frame ask again where the shop stands.
 */
export type ToFrame =
  | ({ type: "open"; client_secret: string; component: Component } & Look)
  | ({ type: "look" } & Look);

/** What happened inside, for the page: names and ids, never a person's or a bank's data. */
export interface Happenings {
  /** The component can be used. */
  ready: { merchant_id: string };
  /** There is nothing to show: hide the box. */
  empty: Record<string, never>;
  "offer-loaded": { offer_id: string | null; state: string; available_amount: number; currency: string };
  quote: { quote_id: string; amount: number; currency: string };
  /** The merchant's click was taken: the drawdown's state says how far it is. */
  confirmed: { drawdown_id: string; state: string };
  /** The money of a drawdown is there. */
  paid: { drawdown_id: string };
  /** The tile was pressed, or a screen inside was turned: where to. */
  step: { name: string };
  /** Something failed; `code` is the problem's, or the loader's own. What became of the money is said inside. */
  error: { code: string };
}
export type Happening = keyof Happenings;

/** From the frame. `hello`: ready for a secret. `renew`: for another, the session ends. `size`: so high, in pixels. */
export type FromFrame =
  | { type: "hello" }
  | { type: "renew" }
  | { type: "failed"; code: string }
  | { type: "size"; height: number }
  | { [Name in Happening]: { type: "event"; name: Name; detail: Happenings[Name] } }[Happening];

/** A message as it is posted. */
export const message = <Body extends ToFrame | FromFrame>(body: Body) => ({ restock: 1 as const, ...body });

/** What `data` says when it is a message of ours with a type, else undefined. */
export function understood<Body extends ToFrame | FromFrame>(data: unknown): Body | undefined {
  const found = data as ({ restock?: unknown } & Body) | null;
  return typeof found === "object" && found?.restock === 1 && typeof found.type === "string" ? found : undefined;
}

const LONGEST_SECRET = 200;
const LONGEST_FONT = 100;
const COLOR = /^#[\da-f]{6}$/i;

/** What a page asks of the frame, made anew of what was sent: nothing of a wrong type or without bounds comes in. */
export function asked(data: unknown): ToFrame | undefined {
  const found = understood<ToFrame>(data);
  if (!found) return undefined;
  const look = { locale: found.locale === "zh-CN" ? "zh-CN" : "en", theme: themeOf(found.theme) } as const;
  if (found.type === "look") return { type: "look", ...look };
  if (found.type !== "open") return undefined;
  const { client_secret, component } = found;
  if (typeof client_secret !== "string" || client_secret.length > LONGEST_SECRET) return undefined;
  return COMPONENTS.includes(component) ? { type: "open", client_secret, component, ...look } : undefined;
}

/** The theme in `given`: only what is on the list, and of its type. */
export function themeOf(given: unknown): Theme {
  const { scheme, radius, font, colors } = Object(given) as Record<keyof Theme, unknown>;
  const theme: Theme = {};
  if (scheme === "light" || scheme === "dark" || scheme === "auto") theme.scheme = scheme;
  if (typeof radius === "number" && Number.isFinite(radius)) theme.radius = radius;
  if (typeof font === "string" && font.length <= LONGEST_FONT) theme.font = font;
  for (const role of ["accent", "surface", "ink"] as const) {
    const color: unknown = Object(colors)[role];
    if (typeof color === "string" && COLOR.test(color)) theme.colors = { ...theme.colors, [role]: color };
  }
  return theme;
}
