/** What the bank sees: instructions it took, in its own states. It knows no till and no receipt. */
import { h } from "./dom.js";

export function bankView({ t, f }, { bank }) {
  if (!bank) return h("div", { class: "empty", role: "alert" }, t("bank_down"));
  if (!bank.payments.length && !bank.collections.length) return h("div", { class: "empty" }, t("bank_empty"));
  return [list(t, f, "payments", bank.payments), list(t, f, "collections", bank.collections)];
}

function list(t, f, name, found) {
  return h(
    "section",
    null,
    h("h3", null, t(name), h("span", { class: "fine" }, t("payments_n", { n: f.number(found.length) }))),
    h("ul", { class: "bank", "aria-label": t(name) }, found.map((one) => entry(f, one))),
  );
}

function entry(f, { amount, status, end_to_end_id, settlement_date, booked_at, reason }) {
  return h(
    "li",
    null,
    h("strong", null, f.money(amount)),
    h("span", { class: "state" }, [status, reason, booked_at && "BOOK"].filter(Boolean).join(" ")),
    h("code", null, end_to_end_id ?? ""),
    h("time", null, settlement_date ? f.date(settlement_date.slice(0, 10)) : ""),
  );
}
