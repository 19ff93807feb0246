import { type Around, both } from "./both.js";

/** What the tile says. */
export const tile = both(
  {
    tile: (x: string): Around => ["Restock with up to", x, ""],
    tile_reason: "Worked out from your last 30 days of net sales",
  },
  {
    tile: (x) => ["今天可借", x, "进货"],
    tile_reason: "已按你最近 30 天的净销售算好",
  },
);
