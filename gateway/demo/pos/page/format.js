/** Money, dates and times in the till's language; amounts come in minor units. */
export class Format {
  constructor(lang, currency, timezone) {
    this.lang = lang;
    this.locale = lang === "en" ? "en-GB" : "zh-CN";
    this.timezone = timezone;
    const money = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
    this._exact = new Intl.NumberFormat(this.locale, money);
    this._whole = new Intl.NumberFormat(this.locale, { ...money, maximumFractionDigits: 0, minimumFractionDigits: 0 });
    this._number = new Intl.NumberFormat(this.locale);
    this._minor = 10 ** this._exact.resolvedOptions().maximumFractionDigits;
  }

  /** ¥1,486.00, with a true minus. */
  money(amount) {
    return this._exact.format(amount / this._minor).replace("-", "\u2212");
  }

  /** ¥1,486: where cents would only be noise. */
  whole(amount) {
    return this._whole.format(Math.round(amount / this._minor)).replace("-", "\u2212");
  }

  number(count) {
    return this._number.format(count);
  }

  time(at) {
    return this._when(at, { hour: "2-digit", minute: "2-digit", hour12: false });
  }

  /** 11月20日 周五, Fri 20 Nov. */
  day(at) {
    return this._when(at, { weekday: "short", day: "numeric", month: "short" }).replace(",", "");
  }

  /** A business date such as 2026-11-20. */
  date(on) {
    const shown = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
    return new Intl.DateTimeFormat(this.locale, shown).format(new Date(`${on}T00:00:00Z`)).replace(",", "");
  }

  _when(at, parts) {
    return new Intl.DateTimeFormat(this.locale, { timeZone: this.timezone, ...parts }).format(new Date(at));
  }
}
