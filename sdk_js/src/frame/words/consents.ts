import { both } from "./both.js";

/** What the consents screen says beside the lines, whose words are the hosted pages'. */
export const consents = both(
  {
    permissions: "Permissions",
    given: (client: string) => `What you allow ${client}. Nothing else is read or shared.`,
    until: "Lasts until",
    change: "Change or take back",
    there: "On Restock’s own page, in a new window. What you stop ends at once; your loan is unchanged.",
    asking: ["Looking at what you changed", "If you took all of it back, nothing new is read or shared. A loan goes on by its terms."] as [string, string],
    none: ["Nothing is shared", "When your till asks for something, you decide first."] as [string, string],
    back: "Back",
  },
  {
    permissions: "授权管理",
    given: (client) => `你同意${client}做的事，除此之外什么都不看、不给。`,
    until: "有效期到",
    change: "修改或收回",
    there: "在 Restock 自己的网页上，会打开新窗口。停用马上生效，已借的不变。",
    asking: ["正在看你改了什么", "如果全部收回了，就不再看新数据、不再给别人。已借的照合同还。"],
    none: ["没有在共享任何内容", "收银软件想看什么，都要先在这里问过你。"],
    back: "返回",
  },
);
