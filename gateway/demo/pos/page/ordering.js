/** Order: tap what is sold, charge it, and see at once what it does to the limit. */
import { button, fill, h } from "./dom.js";

export function ordering(till, parts) {
  const chips = h("div", { class: "chips", role: "group" });
  const menu = h("div", { class: "menu" });
  const ticket = h("section", { class: "card ticket" });
  const bar = h("div", { class: "bar" });
  const tile = h("div", { class: "tile-box" }, parts.widgets.make("tile", { step: till.follow }));
  const root = h("section", null, h("div", { class: "left" }, chips, menu), h("div", { class: "right" }, ticket, tile), bar);
  let category = "all";

  const lines = () => till.shop.menu.filter((item) => till.cart.has(item.item_id));
  const count = () => lines().reduce((sum, item) => sum + till.cart.get(item.item_id), 0);
  const total = () => lines().reduce((sum, item) => sum + item.amount * till.cart.get(item.item_id), 0);

  function put(item_id, change) {
    const left = (till.cart.get(item_id) ?? 0) + change;
    if (left > 0) till.cart.set(item_id, left);
    else till.cart.delete(item_id);
    draw();
  }

  async function charge() {
    const amount = total();
    const items = lines().map(({ item_id }) => ({ item_id, quantity: till.cart.get(item_id) }));
    const sold = await till.attempt(till.path("/sales"), { items });
    if (!sold) return;
    till.cart.clear();
    till.sold(sold);
    till.say(till.t("charged", { x: till.f.money(amount) }) + limit(sold));
    draw();
  }

  const limit = ({ available_amount }) =>
    available_amount > 0 ? till.t("may_borrow", { x: till.f.whole(available_amount) }) : "";

  function draw() {
    const { t, f, shop } = till;
    const categories = [...new Set(shop.menu.map((item) => item.category))];
    chips.setAttribute("aria-label", t("kind"));
    fill(
      chips,
      ["all", ...categories].map((name) =>
        h("button", { type: "button", class: "chip", "data-key": name, "aria-pressed": String(name === category), onclick: () => { category = name; draw(); } }, t(name)),
      ),
    );
    fill(menu, shop.menu.filter((item) => category === "all" || item.category === category).map(dish));
    fill(ticket, shop.closed ? shut() : opened());
    const names = lines().map(({ item_id }) => (till.cart.get(item_id) > 1 ? `${till.cart.get(item_id)} × ` : "") + t(item_id));
    bar.hidden = !shop.closed && count() === 0;
    fill(
      bar,
      shop.closed
        ? shut()
        : [
            h("p", null, h("span", null, names.join(till.lang === "en" ? ", " : "、")), h("strong", null, t("items", { n: f.number(count()) }))),
            pay("bar-charge"),
          ],
    );
  }

  function dish({ item_id, amount }) {
    const quantity = till.cart.get(item_id);
    return h(
      "button",
      { type: "button", class: "dish", "data-key": item_id, disabled: Boolean(till.shop.closed), onclick: () => put(item_id, 1) },
      h("span", { class: "name" }, till.t(item_id)),
      h("span", { class: "price" }, till.f.money(amount)),
      quantity && h("span", { class: "count" }, till.f.number(quantity)),
    );
  }

  function opened() {
    const { t, f } = till;
    const rows = lines().map((item) =>
      h(
        "li",
        null,
        h("span", { class: "name" }, t(item.item_id)),
        h("span", { class: "stepper" },
          h("button", { type: "button", "data-key": `less-${item.item_id}`, "aria-label": t("less", { x: t(item.item_id) }), onclick: () => put(item.item_id, -1) }, "\u2212"),
          h("b", null, f.number(till.cart.get(item.item_id))),
          h("button", { type: "button", "data-key": `more-${item.item_id}`, "aria-label": t("more", { x: t(item.item_id) }), onclick: () => put(item.item_id, 1) }, "+"),
        ),
        h("span", { class: "sum" }, f.money(item.amount * till.cart.get(item.item_id))),
      ),
    );
    return [
      h("header", null, h("h2", null, t("ticket")), rows.length > 0 && h("button", { type: "button", class: "link", "data-key": "clear", onclick: () => { till.cart.clear(); draw(); } }, t("clear"))),
      rows.length ? h("ul", { class: "lines" }, rows) : h("p", { class: "empty" }, t("ticket_empty")),
      pay("charge"),
    ];
  }

  function pay(key) {
    const amount = total();
    const text = amount ? till.t("charge", { x: till.f.money(amount) }) : till.t("charge_none");
    return button(text, "primary", charge, { "data-key": key, disabled: amount === 0 });
  }

  function shut() {
    return [
      h("h2", null, till.t("drawer_closed")),
      h("p", { class: "note" }, till.t("drawer_closed_why")),
      button(till.t("open_next"), "primary", () => parts.desk.live("day"), { "data-key": "next" }),
    ];
  }

  return { root, draw };
}
