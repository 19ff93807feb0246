import type { Summary } from "./summary.js";

const PAST_COUNT = 20;
const AHEAD_COUNT = 7;

/** A day that was, and where its bar stands. */
export interface Bar {
  on: string;
  amount: number;
  today: boolean;
}

/** A day to come: eight times in ten between `low` and `high`. */
export interface Ahead {
  on: string;
  low: number;
  likely: number;
  high: number;
}

/** What the chart shows: days past up to today, days to come, and the marks of its axis from 0 on. */
export interface Picture {
  past: Bar[];
  ahead: Ahead[];
  /** Today is still open, and both: its takings so far stand before what is expected of it. */
  running: boolean;
  ticks: number[];
}

/** Round marks from 0 to at least `most`, two or three steps. */
export function ticks(most: number): number[] {
  most = Math.max(1_000, most);
  const rough = most / 2;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * ten).find((each) => each * 2.2 >= most) ?? 10 * ten;
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, n) => n * step);
}

/** The days of a summary; days before the first record are left out. */
export function picture({ past = [], today_on, takings_today_amount, forecast }: Summary): Picture {
  const closed = past.filter(({ on }) => on < today_on).slice(-PAST_COUNT);
  const bars = closed.map(({ on, net_amount }) => ({ on, amount: net_amount, today: false }));
  const done = past.find(({ on }) => on === today_on);
  bars.push({ on: today_on, amount: done?.net_amount ?? takings_today_amount ?? 0, today: true });
  const days = (forecast?.days ?? []).slice(0, AHEAD_COUNT);
  const ahead = days.map((day) => ({ on: day.on, low: day.p10_amount, likely: day.p50_amount, high: day.p90_amount }));
  const running = ahead[0]?.on === today_on;
  return { past: bars, ahead, running, ticks: ticks(Math.max(...bars.map(({ amount }) => amount), ...ahead.map(({ high }) => high))) };
}
