import { both } from "./both.js";

/** What every screen says. */
export const common = both(
  {
    title: "Restock loan",
    loading: "Working out today’s limit",
    offline: "Cannot connect right now",
    offline_reason: "Your till is not affected. Trying again",
    retry: "Retry",
    again: "Try again",
    numbers: "Show numbers",
    error: "Cannot reach the bank. Nothing borrowed or charged",
    error_body: "Your till is not affected.",
    reference: (id: string) => `Reference ${id}`,
    as_of: (at: string) => `Data up to today ${at}`,
    as_of_day: (on: string) => `Data up to ${on}`,
  },
  {
    title: "进货借款",
    loading: "正在算今天的额度",
    offline: "暂时连不上",
    offline_reason: "收银不受影响，正在重试",
    retry: "重试",
    again: "再试一次",
    numbers: "看数字",
    error: "连不上银行，没借也没扣钱",
    error_body: "收银不受影响。",
    reference: (id) => `查询编号 ${id}`,
    as_of: (at) => `数据截至今天 ${at}`,
    as_of_day: (on) => `数据截至${on}`,
  },
);
