/** Close: today's takings, what to buy for next week, what Restock can do for that, and the drawer's key. */
import { button, fill, h } from "./dom.js";
import { takenCard } from "./takings.js";

const DESK = matchMedia("(min-width: 980px)");

export function closing(till, parts) {
  const sums = h("div");
  const tile = h("div", { class: "tile-box" });
  const stock = h("div");
  const doing = h("div", { class: "doing" });
  const offer = h("div", { class: "right" });
  const root = h("section", null, h("div", { class: "left" }, sums, tile, stock, doing), offer);

  /** Where there is room the offer stands beside the drawer, else its tile opens it from below. */
  function place() {
    const heard = { paid: till.soon, confirmed: till.soon, step: till.follow };
    offer.replaceChildren(...(DESK.matches ? [parts.widgets.make("offer", heard)] : []));
    tile.replaceChildren(...(DESK.matches ? [] : [parts.widgets.make("tile", { step: till.follow })]));
  }
  DESK.addEventListener("change", place);
  place();

  async function close() {
    const shop = await till.attempt(till.path("/close"));
    if (!shop) return;
    till.shop = shop;
    till.say(till.t("closed_now") + told(shop.closed));
    draw();
  }

  function told({ net_amount, withheld }) {
    const net = till.t("closed_net", { x: till.f.money(net_amount) });
    const paid = withheld ? `${till.lang === "en" ? ". " : "。"}${till.t("closed_withheld", { x: till.f.money(withheld) })}` : "";
    return net + paid;
  }

  function draw() {
    const { t, shop } = till;
    fill(sums, takenCard(till));
    fill(stock, stockCard(till));
    fill(
      doing,
      shop.closed && h("p", { class: "note", role: "status" }, t("closed_now"), told(shop.closed)),
      button(t("print"), "quiet", () => print(), { "data-key": "print" }),
      shop.closed
        ? button(t("open_next"), "primary", () => parts.desk.live("day"), { "data-key": "close" })
        : button(t("close_drawer"), "primary", close, { "data-key": "close" }),
    );
  }

  return { root, draw };
}

function stockCard({ t, f, shop }) {
  const { stock } = shop;
  const head = h("header", null, h("h2", null, t("stock")), h("span", { class: "fine" }, t("stock_why")));
  if (!stock?.need_amount) return h("section", { class: "card" }, head, h("p", { class: "empty" }, t("stock_none")));
  const heads = ["kind", "sold_last", "about"].map((name) => h("th", { scope: "col" }, t(name)));
  const rows = stock.rows.map(({ category, sold_count, need_amount }) =>
    h("tr", null, h("th", { scope: "row" }, t(category)), h("td", null, t("items", { n: f.number(sold_count) })), h("td", { class: "sum" }, f.whole(need_amount))),
  );
  const total = h("tr", null, h("th", { scope: "row" }, t("total")), h("td", null), h("td", { class: "sum" }, f.whole(stock.need_amount)));
  return h("section", { class: "card" }, head, h("table", { class: "stock" }, rows.length > 0 && h("thead", null, h("tr", null, heads)), h("tbody", null, rows), h("tfoot", null, total)));
}
