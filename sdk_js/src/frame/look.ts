import { css } from "lit";
import type { Theme } from "../protocol.js";

const RADIUS_MOST = 24;
const FONT = /^[\p{L}\d][\p{L}\d _-]{0,60}$/u;

/** Colour roles, type and shapes. Light and dark follow the system unless the page says which. */
export const tokens = css`
  :host {
    --canvas: #f1f5f5; --surface: #fff; --sunken: #e7edee; --line: #d3dcdd; --control: #6d8286;
    --ink: #0e2024; --ink-2: #465a5e; --petrol: #0b5563; --hover: #083f4a; --tint: #ddedef; --on: #fff; --bar: #5f8d96;
    --brass: #a66a00; --brass-text: #774b00; --brass-tint: #faefd9; --star: #e9b44c;
    --leaf: #28693b; --leaf-tint: #e2f0e5; --brick: #a92e23; --brick-tint: #fbe7e3; --bone: #dde5e6;
    --text: system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif;
    --figures: "DIN Alternate", Bahnschrift, "Roboto Condensed", sans-serif-condensed, var(--text);
    --radius: 12px;
  }
  :host([dark]) {
    --canvas: #0a1315; --surface: #111d20; --sunken: #1a292d; --line: #2b3c40; --control: #748c91;
    --ink: #e9f1f2; --ink-2: #a6b9bd; --petrol: #74c9d5; --hover: #9adbe4; --tint: #12363e; --on: #04242a; --bar: #4f8a95;
    --brass: #dfa53a; --brass-text: #f0c573; --brass-tint: #33280f; --star: #8a5a00;
    --leaf: #86c999; --leaf-tint: #15311e; --brick: #f39788; --brick-tint: #3c1b17; --bone: #22343a;
  }
`;

/** Give `host` the look a page asked for: what is not on the list, out of bounds or hard to read is left as it is. */
export function dress(host: HTMLElement, { scheme = "auto", radius, font, colors }: Theme): void {
  const dark = scheme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : scheme === "dark";
  host.toggleAttribute("dark", dark);
  // As the loader says of the frame: where the two differ, the browser paints a ground behind the card.
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  if (radius !== undefined && radius >= 0 && radius <= RADIUS_MOST) host.style.setProperty("--radius", `${radius}px`);
  if (font && FONT.test(font)) host.style.setProperty("--text", `"${font}", system-ui, sans-serif`);
  void recolour(host, colors);
}

/** The page's colours, where there are any to be had: only then is it loaded what may be used of them. */
async function recolour(host: HTMLElement, colors: Theme["colors"]): Promise<void> {
  if (!colors && !host.hasAttribute("coloured")) return;
  const { palette, TOKENS } = await import("./model/colours.js");
  host.toggleAttribute("coloured", Boolean(colors));
  for (const token of TOKENS) host.style.removeProperty(`--${token}`);
  if (!colors) return;
  const own = getComputedStyle(host);
  const ours = Object.fromEntries(TOKENS.map((token) => [token, own.getPropertyValue(`--${token}`).trim()]));
  for (const [token, colour] of Object.entries(palette(colors, ours))) {
    if (colour !== ours[token]) host.style.setProperty(`--${token}`, colour);
  }
}
