import type { Locale } from "../protocol.js";

/** Money, dates and rates as the merchant reads them. Amounts are integer minor units. */
export interface Formats {
  /** With decimals: what something costs. */
  cost(amount: number): string;
  /** Without decimals where there are none to show: a limit. */
  limit(amount: number): string;
  /** Never with decimals: an estimate. */
  about(amount: number): string;
  /** The sign and the digits apart, for figures whose sign stands smaller. */
  parts(amount: number, whole: boolean): { sign: string; digits: string };
  /** `5 Mar 2027`, `2027年3月5日`. */
  date(on: string): string;
  /** `5 Mar`, `3月5日`. */
  day(on: string): string;
  /** `13:46:02`. */
  time(at: string): string;
  /** `13:46`. */
  minute(at: string): string;
  /** The date of an instant in the shop's own time, as `2027-03-05`. */
  local(at: string): string;
  /** Basis points with at most one decimal. */
  rate(bps: number): string;
  number(value: number): string;
  /** A cost without its sign, for the columns of a table. */
  plain(amount: number): string;
  /** How many minor units make one: 100 for CNY. */
  unit: number;
}

const MINUS = "\u2212";

export function formats(locale: Locale, currency: string, timezone: string): Formats {
  const style = { style: "currency", currency, currencyDisplay: "narrowSymbol" } as const;
  const costs = new Intl.NumberFormat(locale, style);
  const wholes = new Intl.NumberFormat(locale, { ...style, maximumFractionDigits: 0, minimumFractionDigits: 0 });
  const decimals = costs.resolvedOptions().maximumFractionDigits ?? 2;
  const plains = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const unit = 10 ** decimals;
  const said = (format: Intl.NumberFormat, amount: number) => format.format(amount / unit).replace("-", MINUS);
  const dated = (options: Intl.DateTimeFormatOptions, timeZone = "UTC") =>
    new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, { ...options, timeZone });
  const dates = dated({ year: "numeric", month: locale === "en" ? "short" : "long", day: "numeric" });
  const days = dated({ month: locale === "en" ? "short" : "long", day: "numeric" });
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const minutes = dated(clock, timezone);
  const times = dated({ ...clock, second: "2-digit" }, timezone);
  const locals = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: timezone });
  const numbers = new Intl.NumberFormat(locale);
  return {
    unit,
    cost: (amount) => said(costs, amount),
    limit: (amount) => said(amount % unit === 0 ? wholes : costs, amount),
    about: (amount) => said(wholes, amount),
    parts(amount, whole) {
      const parts = (whole && amount % unit === 0 ? wholes : costs).formatToParts(amount / unit);
      const of = (wanted: boolean) =>
        parts.filter((part) => (part.type === "currency") === wanted && part.type !== "literal").map((part) => part.value).join("");
      return { sign: of(true), digits: of(false).replace("-", MINUS) };
    },
    date: (on) => dates.format(new Date(on)),
    day: (on) => days.format(new Date(on)),
    time: (at) => times.format(new Date(at)),
    minute: (at) => minutes.format(new Date(at)),
    local: (at) => locals.format(new Date(at)),
    rate: (bps) => `${Math.round(bps / 10) / 10}%`,
    plain: (amount) => plains.format(amount / unit).replace("-", MINUS),
    number: (value) => numbers.format(value).replace("-", MINUS),
  };
}
