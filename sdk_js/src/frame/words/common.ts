import { both } from "./both.js";

/** What every screen says. */
export const common = both(
  {
    title: "Restock loan",
    loading: "Working out today’s limit",
    offline: "Cannot connect right now",
    offline_reason: "Your till is not affected. Trying again",
    retry: "Retry",
  },
  {
    title: "进货借款",
    loading: "正在算今天的额度",
    offline: "暂时连不上",
    offline_reason: "收银不受影响，正在重试",
    retry: "重试",
  },
);
