import type { Component, Locale } from "./protocol.js";

/** One element: its tag, what it shows, how high it stands before the frame says so, in pixels, and its frame's title. */
export interface Kind {
  tag: `restock-${Component}`;
  component: Component;
  height: number;
  title: Record<Locale, string>;
}

/** Every element there is. */
export const ELEMENTS: readonly Kind[] = [
  { tag: "restock-tile", component: "tile", height: 68, title: { en: "Restock loan: what you can borrow", "zh-CN": "进货借款：今天可借" } },
  { tag: "restock-offer", component: "offer", height: 560, title: { en: "Restock loan: borrow", "zh-CN": "进货借款：借款" } },
  { tag: "restock-manage", component: "manage", height: 480, title: { en: "Restock loan: repay", "zh-CN": "进货借款：还款" } },
  { tag: "restock-consents", component: "consents", height: 320, title: { en: "Restock loan: what you agreed to", "zh-CN": "进货借款：你的授权" } },
];

/** What stands in the box while the gateway cannot be reached. */
export const UNREACHABLE: Record<Locale, string> = {
  en: "Cannot connect right now. Your till is not affected. Trying again",
  "zh-CN": "暂时连不上。收银不受影响，正在重试",
};
