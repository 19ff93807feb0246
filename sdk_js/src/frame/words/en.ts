/** A sentence around a figure that stands larger: before it, the figure, after it. */
type Around = readonly [before: string, figure: string, after: string];

/** What the frame says in English. `zh.ts` says the same; a missing or surplus entry does not compile. */
export const en = {
  title: "Restock loan",
  loading: "Working out today’s limit",
  tile: (x: string): Around => ["Restock with up to", x, ""],
  tile_reason: "Worked out from your last 30 days of net sales",
  no_need: "No need to borrow. Your till works the same",
  offline: "Cannot connect right now",
  offline_reason: "Your till is not affected. Trying again",
  retry: "Retry",
};
export type Words = typeof en;
