import { afterEach, expect, test, vi } from "vitest";
import { Client, Problem } from "../src/client/client.js";
import { formats } from "../src/frame/format.js";
import { left, mayPause, notices, out, running } from "../src/frame/model/loan.js";
import { inTheDark, send, typed } from "../src/frame/model/paying.js";
import { daysBetween, line, marks, rows } from "../src/frame/model/progress.js";
import { loan, payoff, progress } from "./loans.js";
import { json, network, problem } from "./network.js";

afterEach(() => vi.unstubAllGlobals());

const said = (...given: Parameters<typeof notices>) => notices(...given).map(({ kind, amount, on, days }) => [kind, amount, on, days]);
const INTERVAL = { due_on: "2026-05-21", minimum_amount: 210_180, paid_amount: 154_513, remaining_amount: 55_667 };

test("a loan on track has nothing to be said beside its figures", () => {
  expect(said(loan(), [])).toEqual([]);
  expect(said(loan({ state: "repaid", health: null }), [])).toEqual([]);
});

test("what is gravest is said first, and both ways out of being late stay open", () => {
  const late = loan({ health: "late", past_due_amount: 55_667, past_due_days: 4 });
  const renew = { type: "renew_mandate", drawdown_id: "drw_1", url: "https://gateway.example/connect/changes" } as never;
  expect(said(late, [renew])).toEqual([["late", 55_667, undefined, 4], ["stopped", 0, undefined, undefined]]);
  expect(notices(late, [renew])[1]!.url).toBe("https://gateway.example/connect/changes");
  expect(mayPause(late)).toBe(true);
});

test("a renewal that another loan needs is not this one's", () => {
  expect(said(loan(), [{ type: "renew_mandate", drawdown_id: "drw_9" } as never])).toEqual([]);
});

test("short of a minimum says by how much by the forecast, else what is left of it", () => {
  const short = loan({ health: "near_breach", interval: INTERVAL, short_amount: 42_000 });
  expect(said(short, [])).toEqual([["near_breach", 42_000, "2026-05-21", undefined]]);
  expect(said({ ...short, short_amount: 0 }, [])).toEqual([["near_breach", 55_667, "2026-05-21", undefined]]);
});

test("a pause is asked for once, and a declined one may be asked for again", () => {
  const pause = { id: "arr_1", state: "proposed", created_at: "2026-04-26T10:00:00Z" } as const;
  expect(said(loan({ pause }), [])).toEqual([["proposed", 0, pause.created_at, undefined]]);
  expect(mayPause(loan({ pause }))).toBe(false);
  expect(mayPause(loan({ pause: { ...pause, state: "declined" } }))).toBe(true);
  const paused = loan({ paused_until_on: "2026-05-11", pause: { ...pause, state: "approved" } });
  expect(said(paused, [])).toEqual([["paused", 0, "2026-05-11", undefined]]);
  expect(mayPause(paused)).toBe(false);
});

test("before its money is out a loan says where the money is", () => {
  const states = ["awaiting_confirmation", "requested", "submitted", "in_doubt", "returned", "failed"] as const;
  expect(states.map((state) => notices(loan({ state, health: null }), [])[0]?.kind)).toEqual([
    "awaiting_confirmation", "pending", "pending", "in_doubt", "returned", undefined,
  ]);
  expect(states.map((state) => [running(loan({ state })), out(loan({ state }))])).toEqual([
    [true, false], [true, false], [true, false], [true, false], [true, false], [false, false],
  ]);
});

test("of a loan that was written off the claim is what is left", () => {
  const lost = loan({ state: "charged_off", health: "charged_off", outstanding_amount: 0, past_due_amount: 70_000 });
  expect(left(lost)).toBe(70_000);
  expect(said(lost, [])).toEqual([["charged_off", 70_000, undefined, undefined]]);
  expect(notices({ ...lost, health: "recovered" }, [])[0]!.kind).toBe("recovered");
});

test("the line rises from the left foot, stops at today, and never leaves its field", () => {
  const given = progress();
  const drawn = line(given, 1_261_080, "2026-04-27", 300, 146);
  expect(drawn.paid.startsWith("M0 146L")).toBe(true);
  expect(drawn.plan.endsWith(" 0")).toBe(true);
  expect(drawn.now![0]).toBe(drawn.x("2026-04-27"));
  expect([drawn.first_on, drawn.last_on]).toEqual(["2026-02-20", "2026-06-30"]);
  const heights = [...drawn.band.matchAll(/[ML][\d.]+ ([\d.-]+)/g)].map(([, y]) => Number(y));
  expect(Math.min(...heights)).toBe(0);
  expect(Math.max(...heights)).toBeLessThanOrEqual(146);
  expect(drawn.band.endsWith("Z")).toBe(true);
});

test("a loan of today draws a plan and nothing else", () => {
  const fresh = { ...progress(), paid: [], ahead: [] };
  const drawn = line(fresh, 0, "2026-02-20", 300, 146);
  expect([drawn.paid, drawn.band, drawn.now]).toEqual(["", "", undefined]);
  expect(line({ ...fresh, plan: [] }, 0, "2026-02-20", 300, 146).x("2026-02-20")).toBe(0);
});

test("marks begin at 0 and end at the total, with a round amount between", () => {
  expect(marks(1_261_080, 100)).toEqual([0, 600_000, 1_261_080]);
  expect(marks(1_584_960, 100)).toEqual([0, 800_000, 1_584_960]);
  expect(marks(150, 100)[0]).toBe(0);
});

test("the chart's numbers are few, and today's and the last are among them", () => {
  const found = rows(progress());
  expect(found.length).toBeLessThanOrEqual(18);
  expect(found.map(({ on }) => on)).toContain("2026-04-27");
  expect(found.at(-1)).toMatchObject({ on: "2026-06-30", low_amount: expect.any(Number), high_amount: expect.any(Number) });
  expect(found[0]).toEqual({ on: "2026-02-20", amount: 0, paid: 0 });
});

test("days are counted over the end of daylight saving", () => {
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  expect(daysBetween("2026-03-05", "2026-03-03")).toBe(-2);
});

test.each([
  ["1,234.5", 100, 123_450], ["¥1234.50", 100, 123_450], ["１２３４．５", 100, 123_450], ["1，234", 100, 123_400], ["0.07", 100, 7], ["12.", 100, 1_200],
  ["500", 1, 500], ["1.5", 1, undefined], ["1.234", 100, undefined], ["-5", 100, undefined], ["", 100, undefined], ["1e5", 100, undefined], ["12a", 100, undefined],
])("%s with %i minor units is %s", (text, unit, amount) => expect(typed(text, unit)).toBe(amount));

const answer = (status: number, code = "x") => new Problem(status, code, "");

test("only an answer that says no means that no money was taken", () => {
  expect([0, 500, 503, 429].map((status) => inTheDark(answer(status), false))).toEqual([true, true, true, true]);
  expect(inTheDark(answer(409, "idempotency_key_in_use"), false)).toBe(true);
  expect([409, 422, 404].map((status) => inTheDark(answer(status), true))).toEqual([false, false, false]);
  expect([401, 403].map((status) => [inTheDark(answer(status), false), inTheDark(answer(status), true)])).toEqual([[false, true], [false, true]]);
});

async function client(): Promise<Client> {
  const made = new Client({ gateway: "https://gateway.example" });
  network(json({ access_token: "t", token_type: "DPoP", expires_in: 300, merchant_id: "mer_1", components: ["manage"] }));
  await made.open("secret");
  return made;
}

const MADE = { id: "rep_1", amount: payoff.amount };
const keys = (seen: ReturnType<typeof network>) => seen.filter(({ method }) => method === "POST").map(({ headers }) => headers.get("Idempotency-Key"));

test("a payment whose answer was lost goes out again under its key, and the next one under another", async () => {
  const shop = await client();
  const broken = problem(500, "internal_error");
  const seen = network(json(payoff), broken, json(MADE, 201), json(payoff), json(MADE, 201));
  expect((await send(shop, loan(), payoff, "all", "debit")).stage.at).toBe("dark");
  expect((await send(shop, loan(), payoff, "all", "debit")).stage).toEqual({ at: "made", repayment: MADE });
  expect((await send(shop, loan(), payoff, "all", "debit")).stage.at).toBe("made");
  const [first, second, third] = keys(seen);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test("figures that changed are shown before any money is asked for", async () => {
  const shop = await client();
  const less = { ...payoff, amount: payoff.amount - 16_432 };
  const seen = network(json(less), json(less), json(MADE, 201));
  expect(await send(shop, loan(), payoff, "all", "debit")).toEqual({ stage: { at: "changed" }, payoff: less });
  expect((await send(shop, loan(), payoff, 5_000, "debit")).stage.at).toBe("made");
  expect(seen.map(({ method }) => method)).toEqual(["GET", "GET", "POST"]);
});

test("a refusal says that nothing was taken", async () => {
  const shop = await client();
  network(json(payoff), problem(409, "nothing_to_repay"));
  expect((await send(shop, loan(), payoff, 7_000, "transfer")).stage.at).toBe("refused");
});

test("a column of costs has no sign of its currency, and a real minus", () => {
  expect(formats("zh-CN", "CNY", "UTC").plain(-2_400)).toBe("\u221224.00");
  expect(formats("en", "JPY", "UTC").plain(1_234)).toBe("1,234");
});
