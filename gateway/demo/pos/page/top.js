/** The bar across the top: brand, views, shop, date, and the way to the demo desk. */
import { fill, h, icon } from "./dom.js";

export function top(till, parts) {
  const root = document.getElementById("top");
  const when = h("time", { class: "when" });
  const brand = h("span", { class: "brand" });
  const nav = h("nav", null);
  const who = h("span", { class: "who" });
  const open = h("button", { type: "button", class: "desk-open", "aria-controls": "desk", onclick: () => parts.desk.toggle() });
  root.append(brand, nav, who, when, open);

  function tick() {
    const now = till.now();
    when.dateTime = now.toISOString();
    when.replaceChildren(h("span", { class: "day" }, till.f.day(now)), " ", till.f.time(now));
  }

  function draw() {
    const { t, view, shop } = till;
    fill(brand, icon("logo"), h("span", null, t("brand")));
    nav.setAttribute("aria-label", t("views"));
    fill(
      nav,
      ["order", "today", "close", "loan"].map((name) =>
        h("button", { type: "button", "data-key": name, class: "tab", "aria-current": name === view && "page", onclick: () => till.go(name) }, t(name)),
      ),
    );
    who.textContent = till.name() ? `${till.name()} · ${t("owner")}` : "";
    fill(open, icon("desk"), h("span", null, t("desk")));
    open.setAttribute("aria-expanded", String(parts.desk?.isOpen() ?? false));
    when.hidden = !shop;
    tick();
  }
  return { draw, tick };
}
