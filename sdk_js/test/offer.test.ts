import { afterEach, expect, test, vi } from "vitest";
import { Client, Problem } from "../src/client/client.js";
import { draw } from "../src/frame/draw.js";
import { landmarks, scopeOf, settle, suggested, typed } from "../src/frame/model/amounts.js";
import { share, spacing, stars } from "../src/frame/model/beam.js";
import { contrast, palette } from "../src/frame/model/colours.js";
import { picture, ticks } from "../src/frame/model/forecast.js";
import type { Summary, Drawdown, Quote } from "../src/frame/model/summary.js";
import { moved, offerState, tileState } from "../src/frame/model/standing.js";
import { steps } from "../src/frame/model/steps.js";
import { changes, left, lifetime_ms, urgency } from "../src/frame/model/terms.js";
import { keyOf, meaning, wait_ms } from "../src/frame/model/trying.js";
import { json, network, passed, problem } from "./network.js";

const reason = (code: string, amount: number | null = null) => ({ code, amount, feature: null, text: { en: code, zh: code } });
const offer = {
  id: "ofr_1", state: "open", commitment: "bank_approved", currency: "CNY", available_amount: 3_280_000, step_amount: 10_000,
  minimum_amount: 10_000, suggested_amount: 370_000, reasons: [reason("base_binds", 3_280_000)], alternatives: [],
};
const forecast = { forecast_7: { p50_amount: 986_000 }, forecast_30: { p50_amount: 4_157_000 }, stocking_need_amount: 366_000 };
const shop = (more: object = {}): Summary =>
  ({ today_on: "2026-11-20", takings_today_amount: 900, past: [], offer, forecast, drawdowns: [], required_actions: [], ...more }) as unknown as Summary;
const loan = (more: object): Drawdown =>
  ({ id: "drw_1", state: "active", past_due_amount: 0, outstanding_amount: 100, health: "current", ...more }) as unknown as Drawdown;
const quote = {
  id: "quo_1", terms_hash: "0", amount: 100, fee_amount: 2, total_amount: 102, withhold_bps: 1_200, minimum_amount: 9, apr_bps: 1_150,
  estimated_payoff_on: "2027-03-05", final_due_on: "2027-08-17", bank: { id: "bnk_1", name: "Bank" },
  created_at: "2026-11-20T05:42:00Z", expires_at: "2026-11-20T05:57:00Z",
} as unknown as Quote;
const stopped = (state: string, code: string) => shop({ offer: { ...offer, state, available_amount: 0, reasons: [reason(code)] } });

test.each([
  ["open", shop()],
  ["used", shop({ offer: { ...offer, available_amount: 0 } })],
  ["stale", stopped("frozen", "data_stale")],
  ["thin", stopped("none", "thin_history")],
  ["thin", stopped("none", "no_closed_day")],
  ["frozen", stopped("frozen", "anomaly_suspected")],
  ["declined", stopped("none", "risk_too_high")],
  ["none", shop({ offer: null })],
])("an offer is %s", (state, summary) => expect(offerState(summary)).toBe(state));

test("a change says which way it went, and the reason that went that way most", () => {
  const reasons = [reason("sales_fell", -900), reason("grade_raised", 200), reason("forecast_rose", 500), reason("base_binds", 800)];
  const change = { amount: -200, limit_before_amount: 1_000, at: "" };
  expect(moved({ ...offer, reasons, change } as never)).toMatchObject({ up: false, amount: 200, reason: { code: "sales_fell" } });
  expect(moved({ ...offer, reasons, change: { ...change, amount: 200 } } as never)).toMatchObject({ up: true, reason: { code: "forecast_rose" } });
  expect(moved({ ...offer, reasons: [reason("base_binds", 8)], change } as never)?.reason).toBeUndefined();
  expect(moved({ ...offer, change: null } as never)).toBeUndefined();
});

test.each([
  ["offer", []],
  ["repaying", [loan({})]],
  ["pending", [loan({ state: "submitted" }), loan({})]],
  ["confirm", [loan({ state: "awaiting_confirmation" })]],
  ["short", [loan({ state: "pending" }), loan({ health: "near_breach" })]],
  ["late", [loan({ health: "near_breach" }), loan({ past_due_amount: 5 })]],
  ["in_doubt", [loan({ past_due_amount: 5 }), loan({ state: "in_doubt" })]],
])("the tile says %s before what presses less", (kind, drawdowns) => expect(tileState(shop({ drawdowns })).kind).toBe(kind));

test("the tile tells of a lower limit though a loan is out, and of a higher one only without", () => {
  const changed = (amount: number, drawdowns: unknown[]) =>
    tileState(shop({ drawdowns, offer: { ...offer, change: { amount, limit_before_amount: 1, at: "" } } })).kind;
  expect([changed(-5, [loan({})]), changed(5, [loan({})]), changed(5, [])]).toEqual(["lowered", "repaying", "raised"]);
});

test("a sum is a multiple of the step between the least and the most", () => {
  const scope = scopeOf(shop());
  expect([0, 12_000, 15_000, 3_279_999, 9_999_999].map((sum) => settle(sum, scope))).toEqual([10_000, 10_000, 20_000, 3_280_000, 3_280_000]);
  expect(["15,600", "１５６００", "¥ 15 600", "15600.50"].map((text) => typed(text, 100))).toEqual([1_560_000, 1_560_000, 1_560_000, 1_560_050]);
  expect(typed("none", 100)).toBeNaN();
});

test("a sum starts at what is suggested; a month needs as much more than a week as it sells more", () => {
  expect(suggested(shop())).toBe(370_000);
  expect(landmarks(shop())).toEqual([
    { kind: "week", amount: 370_000 },
    { kind: "month", amount: 1_550_000 },
    { kind: "most", amount: 3_280_000 },
  ]);
  const small = shop({ offer: { ...offer, available_amount: 370_000 } });
  expect(landmarks(small)).toEqual([{ kind: "most", amount: 370_000 }]);
  expect(landmarks(shop({ forecast: null })).map(({ kind }) => kind)).toEqual(["week", "most"]);
});

test("stars stand at whole thousands, fewer where they would stand too close", () => {
  expect([share(5, 0, 10), share(20, 0, 10), share(5, 5, 5)]).toEqual([50, 100, 0]);
  expect([3_280_000, 5_000_000, 50_000_000].map((most) => spacing(most, 100) / 100)).toEqual([1_000, 2_000, 20_000]);
  expect(stars(0, 28, 7, 2)).toEqual([
    { at: 0, large: true },
    { at: 25, large: false },
    { at: 50, large: true },
    { at: 75, large: false },
    { at: 100, large: true },
  ]);
});

test("the chart starts at 0, ends with today, and leaves a closed today to what closed it", () => {
  expect([ticks(1_900), ticks(0), ticks(180_000)]).toEqual([[0, 1_000, 2_000], [0, 500, 1_000], [0, 100_000, 200_000]]);
  const past = Array.from({ length: 28 }, (_, n) => ({ on: `2026-10-${String(n + 1).padStart(2, "0")}`, net_amount: n }));
  const open = picture(shop({ past }));
  expect([open.past.length, open.past.at(-1), open.ahead]).toEqual([21, { on: "2026-11-20", amount: 900, today: true }, []]);
  const closed = picture(shop({ past: [{ on: "2026-11-20", net_amount: 700 }] }));
  expect(closed.past).toEqual([{ on: "2026-11-20", amount: 700, today: true }]);
});

test("a quote lives as long as its own two times say, and warns in its last two minutes", () => {
  expect(lifetime_ms(quote)).toBe(900_000);
  expect([872_000, 59_001, 0, -5].map(left)).toEqual(["14:32", "1:00", "0:00", "0:00"]);
  expect([120_001, 120_000, 1, 0].map(urgency)).toEqual(["calm", "soon", "soon", "over"]);
});

test("of two quotes the terms that read otherwise are known", () => {
  const dearer = { ...quote, fee_amount: 3, total_amount: 103, bank: { id: "bnk_2", name: "Other" } };
  expect([...changes(quote, dearer)]).toEqual(["fee_amount", "total_amount", "bank"]);
  expect([changes(quote, { ...quote, id: "quo_2" }).size, changes(undefined, quote).size]).toEqual([0, 0]);
});

test("a drawdown's steps are done one after another, with the times that are known", () => {
  const went = [{ state: "requested", at: "1" }, { state: "approved", at: "2" }, { state: "submitted", at: "3" }];
  const of = (state: string) => steps(loan({ state, steps: went } as object)).map(({ kind, is, at }) => [kind, is, at ?? ""].join(" "));
  expect(of("reviewing")).toEqual(["confirmed done 1", "approved now ", "sent open ", "arrived open ", "repay open "]);
  expect(of("in_doubt").slice(2, 4)).toEqual(["sent doubt 3", "arrived open "]);
  expect(of("pending").slice(2, 4)).toEqual(["sent done 3", "arrived now "]);
});

test.each([
  [0, "unreachable", "again"], [500, "internal", "again"], [401, "invalid_token", "again"], [429, "too_many", "again"],
  [409, "idempotency_key_in_use", "again"], [409, "quote_superseded", "changed"], [409, "stale_terms", "changed"],
  [409, "quote_expired", "changed"], [409, "quote_already_drawn", "drawn"], [409, "bank_unavailable", "refused"], [403, "consent_required", "refused"],
])("a confirmation answered by %s %s means: %s", (status, code, meant) => expect(meaning(new Problem(status, code, ""))).toBe(meant));

test("waiting between tries grows and stays bounded", () => expect([1, 2, 3, 9].map(wait_ms)).toEqual([1_000, 2_000, 4_000, 15_000]));

const ours = {
  surface: "#fff", sunken: "#e7edee", control: "#6d8286", ink: "#0e2024", "ink-2": "#465a5e", petrol: "#0b5563", hover: "#083f4a",
  tint: "#ddedef", on: "#fff", bar: "#5f8d96", brass: "#a66a00", "brass-text": "#774b00", "brass-tint": "#faefd9", star: "#e9b44c",
  leaf: "#28693b", "leaf-tint": "#e2f0e5", brick: "#a92e23", "brick-tint": "#fbe7e3",
};

test("a page's colour is used where everything can still be read with it, and else ours stays", () => {
  expect(contrast("#000000", "#ffffff")).toBe(21);
  expect(palette({}, ours)).toBe(ours);
  const red = palette({ accent: "#9b1c31" }, ours);
  expect([red.petrol, red.on]).toEqual(["#9b1c31", "#ffffff"]);
  for (const asked of [{ accent: "#ffd400" }, { accent: "red" }, { ink: "#999999" }, { surface: "#0b5563" }]) expect(palette(asked, ours)).toBe(ours);
  const both = palette({ surface: "#fffdf7", ink: "#999999" }, ours);
  expect([both.surface, both.ink]).toEqual(["#fffdf7", ours.ink]);
});

afterEach(() => vi.useRealTimers());

test("a confirmation that is not answered goes out again under the quote's own key until it is known, and says so", async () => {
  vi.useFakeTimers();
  const opened = json({ access_token: "t", expires_in: 300, merchant_id: "mer_1", components: ["offer"] });
  const lost = Array.from({ length: 6 }, () => new TypeError("lost"));
  const seen = network(opened, ...lost, problem(500, "internal"), json({ id: "drw_1", state: "requested" }, 201));
  const client = new Client({ gateway: "https://gateway.example" });
  await client.open("secret");
  const doubt = vi.fn();
  expect(await passed(draw(client, quote, doubt))).toEqual({ drawdown: { id: "drw_1", state: "requested" } });
  expect(doubt).toHaveBeenCalled();
  const sent = seen.filter(({ path }) => path === "/v1/drawdowns");
  expect(sent).toHaveLength(8);
  expect(new Set(sent.map(({ headers }) => headers.get("Idempotency-Key")))).toEqual(new Set([keyOf("quo_1")]));
});

test("a confirmation that is refused is not sent again", async () => {
  vi.useFakeTimers();
  const seen = network(json({ access_token: "t", expires_in: 300, merchant_id: "mer_1", components: ["offer"] }), problem(409, "quote_superseded"));
  const client = new Client({ gateway: "https://gateway.example" });
  await client.open("secret");
  const drawn = await passed(draw(client, quote, () => undefined));
  expect(drawn).toMatchObject({ meaning: "changed", problem: { code: "quote_superseded" } });
  expect(seen).toHaveLength(2);
});
