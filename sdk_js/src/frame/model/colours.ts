/** Which of a page's colours may be used: those that can be read beside all of ours, by WCAG 2.2 (1.4.3 and 1.4.11). */

/** What a page may colour: what is pressed and what happened, the ground of cards, and text. */
export type Role = "accent" | "surface" | "ink";
/** The frame's colours by their token, as `#rrggbb` or `#rgb`. */
export type Palette = Readonly<Record<string, string>>;

const COLOUR = /^#[\da-f]{6}$/i;
const TEXT = 4.5;
const SHAPE = 3;
const NIGHT = "#04242a";
/** What stands on what, and how well it has to be seen there. */
const PAIRS: readonly (readonly [over: string, under: string, least: number])[] = [
  ...["ink", "ink-2", "petrol", "brass-text", "leaf", "brick"].map((over) => [over, "surface", TEXT] as const),
  ...["sunken", "tint", "brass-tint", "leaf-tint", "brick-tint"].map((under) => ["ink", under, TEXT] as const),
  ["ink-2", "sunken", TEXT], ["on", "petrol", TEXT], ["on", "hover", TEXT], ["petrol", "tint", TEXT],
  ["control", "surface", SHAPE], ["bar", "surface", SHAPE], ["brass", "surface", SHAPE], ["star", "petrol", SHAPE],
];

const channels = (colour: string): number[] => {
  const hex = colour.trim().slice(1);
  const all = hex.length === 3 ? [...hex].map((digit) => digit + digit) : (hex.match(/../g) ?? []);
  return all.map((each) => Number.parseInt(each, 16));
};
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((each) => (each <= 10 ? each / 3294 : ((each / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** The contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const mixed = (one: string, other: string, part: number): string => {
  const under = channels(other);
  return `#${channels(one).map((each, n) => Math.round(each * part + under[n]! * (1 - part)).toString(16).padStart(2, "0")).join("")}`;
};

/** A palette around an accent: what is written on it, its hover and its tint come with it. */
function accented(accent: string, { surface = "", ink = "" }: Palette): Palette {
  const on = contrast("#ffffff", accent) >= contrast(NIGHT, accent) ? "#ffffff" : NIGHT;
  const stars = ["#e9b44c", "#8a5a00"].sort((one, other) => contrast(other, accent) - contrast(one, accent));
  return { petrol: accent, on, hover: mixed(accent, ink, 0.8), tint: mixed(accent, surface, 0.12), star: stars[0]! };
}

/** Our palette with those of the page's colours with which everything can still be read; the others stay ours. */
export function palette(asked: Partial<Record<Role, string>>, ours: Palette): Palette {
  let now = ours;
  for (const role of ["surface", "ink", "accent"] as const) {
    const wanted = asked[role];
    if (!wanted || !COLOUR.test(wanted)) continue;
    const next = { ...now, ...(role === "accent" ? accented(wanted, now) : { [role]: wanted }) };
    if (PAIRS.every(([over, under, least]) => contrast(next[over]!, next[under]!) >= least)) now = next;
  }
  return now;
}

/** The tokens that `palette` reads. */
export const TOKENS: readonly string[] = [...new Set(PAIRS.flatMap(([over, under]) => [over, under]))];
