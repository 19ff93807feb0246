import type { Badge } from "../model/badges.js";
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
    badge: {
      awaiting_confirmation: "To confirm", requested: "Requested", reviewing: "In review", approved: "Approved",
      submitted: "Sent to bank", pending: "On its way", active: "Repaying", repaid: "Paid off", refinanced: "Refinanced",
      in_doubt: "Checking with bank", returned: "Money returned", rejected: "Not approved", failed: "Payout failed",
      canceled: "Canceled", expired: "Expired", charged_off: "Charged off", current: "On track",
      near_breach: "Short soon", late: "Late", defaulted: "Defaulted", recovered: "Recovered", paused: "Paused",
      delivered: "Live", replaced: "Replaced", frozen: "On hold", stale: "Data late",
    } as Record<Badge, string>,
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
    badge: {
      awaiting_confirmation: "待确认", requested: "已提交", reviewing: "人工审核中", approved: "银行已批准",
      submitted: "已发给银行", pending: "放款中", active: "还款中", repaid: "已还清", refinanced: "已续借",
      in_doubt: "向银行核实中", returned: "款项退回", rejected: "银行未批准", failed: "放款失败",
      canceled: "已取消", expired: "已过期", charged_off: "已核销", current: "正常",
      near_breach: "快不够了", late: "逾期", defaulted: "违约", recovered: "已恢复", paused: "已暂缓",
      delivered: "有效", replaced: "已更新", frozen: "已暂停", stale: "数据没更新",
    },
  },
);
