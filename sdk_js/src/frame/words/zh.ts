import type { Words } from "./en.js";

/** What the frame says in Chinese. */
export const zh: Words = {
  title: "进货借款",
  loading: "正在算今天的额度",
  tile: (x) => ["今天可借", x, "进货"],
  tile_reason: "已按你最近 30 天的净销售算好",
  no_need: "不借也没关系，收银照常用",
  offline: "暂时连不上",
  offline_reason: "收银不受影响，正在重试",
  retry: "重试",
};
