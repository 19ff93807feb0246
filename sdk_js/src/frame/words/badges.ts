import type { Badge } from "../model/badges.js";
import { both } from "./both.js";

/** The word of each badge. */
export const badges = both<{ badge: Record<Badge, string> }>(
  {
    badge: {
      awaiting_confirmation: "To confirm", requested: "Requested", reviewing: "In review", approved: "Approved",
      submitted: "Sent to bank", pending: "On its way", active: "Repaying", repaid: "Paid off", refinanced: "Refinanced",
      in_doubt: "Checking with bank", returned: "Money returned", rejected: "Not approved", failed: "Payout failed",
      canceled: "Canceled", expired: "Expired", charged_off: "Charged off", current: "On track",
      near_breach: "Short soon", late: "Late", defaulted: "Defaulted", recovered: "Recovered", paused: "Paused",
      delivered: "Live", replaced: "Replaced", frozen: "On hold", stale: "Data late",
    },
  },
  {
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
