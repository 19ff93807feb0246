/** Today: what was taken, hour by hour and ticket by ticket; a sale can be given back. */
import { button, fill, h, svg } from "./dom.js";

const WIDE = 400, HIGH = 116, GAP = 8;

export function takings(till) {
  const sums = h("div", { class: "left" });
  const list = h("div", { class: "right" });
  const root = h("section", null, sums, list);

  async function takeBack(sale, kind) {
    const sold = await till.attempt(till.path(`/sales/${sale.sale_id}/${kind}`));
    if (!sold) return;
    till.sold(sold);
    till.say(till.t("taken_back", { x: till.f.money(sale.amount) }) + (sold.available_amount > 0 ? till.t("may_borrow", { x: till.f.whole(sold.available_amount) }) : ""));
    draw();
  }

  function row(sale) {
    const { t, f, shop } = till;
    const sold = sale.kind === "sale";
    const what = sale.lines.map(({ item_id, quantity }) => (quantity === "1" ? t(item_id) : `${quantity} × ${t(item_id)}`)).join(till.lang === "en" ? ", " : "、");
    const back = ["refund", "void"].map((kind) =>
      button(t(kind), "small", () => takeBack(sale, kind), { "data-key": `${kind}-${sale.sale_id}`, "aria-label": t(`${kind}_of`, { x: f.money(sale.amount) }) }),
    );
    return h(
      "tr",
      { class: sold ? "" : "back" },
      h("td", { class: "at" }, f.time(sale.occurred_at)),
      h("td", { class: "what" }, sold ? what || t("sale") : `${t(sale.kind)} · ${what}`, h("small", null, t(sale.means ?? "unknown"))),
      h("td", { class: "sum" }, sold ? f.money(sale.amount) : f.money(-sale.amount)),
      h("td", { class: "do" }, sold && !shop.closed ? (sale.taken_back ? h("small", null, t("was_taken_back")) : back) : null),
    );
  }

  function draw() {
    const { t, shop } = till;
    fill(sums, takenCard(till));
    const sales = shop.day.sales;
    const heads = [t("hour"), t("sale"), t("amount")].map((text) => h("th", { scope: "col", class: "unseen" }, text));
    fill(
      list,
      h(
        "section",
        { class: "card" },
        h("header", null, h("h2", null, t("sales")), h("span", { class: "fine" }, t("newest"))),
        sales.length
          ? h("table", { class: "sales" }, h("thead", null, h("tr", null, heads, h("td", null))), h("tbody", null, sales.map(row)))
          : h("div", { class: "empty" }, h("strong", null, t("nothing_sold")), h("p", null, t("nothing_sold_why"))),
      ),
    );
  }

  return { root, draw };
}

/** Today's takings with its hours: on two views. */
export function takenCard({ t, f, shop }) {
  const day = shop.day;
  const counts = [t("tickets", { n: f.number(day.tickets_count) })];
  if (day.refunds_count) counts.push(t("refunds", { n: f.number(day.refunds_count), x: f.money(-day.refunded_amount) }));
  return h(
    "section",
    { class: "card taken" },
    h("header", null, h("h2", { class: "label" }, t("sold_today")), h("span", { class: "fine" }, counts.join(" · "))),
    h("p", { class: "figure" }, f.money(day.taken_amount)),
    h("p", { class: "fine" }, t("without_tax", { x: f.money(day.net_amount) })),
    day.hours.length ? hours(t, f, day.hours) : h("p", { class: "empty" }, t("nothing_sold_why")),
  );
}

function hours(t, f, found) {
  const most = Math.max(1, ...found.map(({ amount }) => amount));
  const wide = WIDE / found.length;
  const bars = found.map(({ hour, amount }, index) => {
    const high = Math.max(2, (HIGH * Math.max(0, amount)) / most);
    const middle = index * wide + wide / 2;
    return [
      svg("rect", { x: index * wide + GAP / 2, y: HIGH - high, width: wide - GAP, height: high, rx: 2 }),
      svg("text", { x: middle, y: HIGH + 20, "text-anchor": "middle" }, String(hour)),
    ];
  });
  const rows = found.map(({ hour, amount }) => h("tr", null, h("th", { scope: "row" }, String(hour)), h("td", null, f.money(amount))));
  return h(
    "figure",
    { class: "hours" },
    svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH + 26}`, role: "img", "aria-label": t("by_hour") }, bars),
    h("table", { class: "unseen" }, h("caption", null, t("by_hour")), h("tbody", null, rows)),
  );
}
