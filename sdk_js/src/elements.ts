import type { Component } from "./protocol.js";

/** Every element there is: its tag, what it shows, and how high it stands before the frame says so, in pixels. */
export const ELEMENTS = [
  { tag: "restock-tile", component: "tile", height: 68 },
  { tag: "restock-offer", component: "offer", height: 560 },
  { tag: "restock-manage", component: "manage", height: 480 },
  { tag: "restock-consents", component: "consents", height: 320 },
] as const satisfies readonly { tag: `restock-${string}`; component: Component; height: number }[];
