import { type Client, type Drawdown, newKey, type Payoff, type Problem, type Repayment, type Schemas } from "../../client/client.js";

/** What the merchant means to pay: all of it, or so much; undefined where nothing was said. */
export type Sum = "all" | number | undefined;
export type Channel = "debit" | "transfer";
type Wanted = Schemas["NewRepayment"];

/** Where a payment stands. `dark`: it may have been taken, nobody said so. `changed`: the figures did, nothing was taken. */
export type Stage = { at: "asking" | "sending" | "changed" | "dark" | "refused" } | { at: "made"; repayment: Repayment };

/**
 * The payments that nobody has answered yet: a key each, and whether it ever went out. The same payment asked for
 * again goes out under the same key, however often it is pressed and whatever was lost: the gateway takes it once.
 */
const attempts = new Map<string, { key: string; sent: boolean }>();

const TOO_MANY = 429;
const AT_THE_DOOR = [401, 403];

/** Whether a failed call may have been taken; being refused at the door says nothing of the call `before` it. */
export const inTheDark = ({ status, code }: Problem, before: boolean): boolean =>
  status === 0 || status >= 500 || status === TOO_MANY || code === "idempotency_key_in_use" || (before && AT_THE_DOOR.includes(status));

/**
 * Send one payment. The figures are read once more before: what was shown is what is paid. Whatever happens, the
 * answer says what became of the money.
 */
export async function send(client: Client, { id }: Drawdown, shown: Payoff, sum: "all" | number, channel: Channel): Promise<{ stage: Stage; payoff?: Payoff }> {
  const body: Wanted = sum === "all" ? { payoff: true, channel } : { amount: sum, channel };
  const name = id + JSON.stringify(body);
  const attempt = attempts.get(name) ?? { key: newKey(), sent: false };
  const before = attempt.sent;
  attempts.set(name, attempt);
  try {
    if (!before) {
      const payoff = await client.payoff(id);
      if (payoff.amount !== shown.amount && (sum === "all" || sum > payoff.amount)) return { stage: { at: "changed" }, payoff };
    }
    attempt.sent = true;
    const repayment = await client.pay(id, body, attempt.key);
    attempts.delete(name);
    return { stage: { at: "made", repayment } };
  } catch (error) {
    const dark = attempt.sent && inTheDark(error as Problem, before);
    if (!dark) attempts.delete(name);
    return { stage: { at: dark ? "dark" : "refused" } };
  }
}

/** The minor units of what was typed (`1,234.5`, `１２３４．５`, `¥1234.50`), or undefined where it is no amount. */
export function typed(text: string, unit: number): number | undefined {
  const [, whole, part = ""] = /^(\d{1,12})(?:\.(\d*))?$/.exec(text.normalize("NFKC").replace(/[\s,\p{Sc}]/gu, "")) ?? [];
  const decimals = String(unit).length - 1;
  return whole === undefined || part.length > decimals ? undefined : Number(whole + part.padEnd(decimals, "0"));
}
