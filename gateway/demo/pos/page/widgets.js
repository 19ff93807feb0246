/** Restock in the till: its elements as the SDK's README puts them in a page, and a sheet for the offer. */
import { get } from "./api.js";
import { button, h, icon } from "./dom.js";

/** Load the gateway's script for the elements, and keep them in the till's language and look. */
export function widgets(till) {
  const look = () => ({ locale: till.lang, theme: { scheme: till.theme, radius: 12 } });
  const restock = window.Restock?.load({
    gateway: document.body.dataset.gateway,
    fetchSession: (component) => get(`/restock-session?component=${component}&shop=${till.key}`),
    ...look(),
  });
  return {
    look: async () => (await restock)?.update(look()),
    /** An element, or what to say where the gateway's script is not there. */
    make: (name, heard = {}) => {
      if (!restock) return h("p", { class: "missing" }, till.t("widget_missing"));
      return h(`restock-${name}`, Object.fromEntries(Object.entries(heard).map(([event, hear]) => [`on${event}`, hear])));
    },
  };
}

/** The offer over the till: from below on a phone, in the middle on a desk. */
export function sheet(till, parts) {
  const close = button("", "icon-only", () => root.close(), {});
  const body = h("div", { class: "sheet-body" });
  const root = h("dialog", { class: "sheet" }, h("div", { class: "handle", "aria-hidden": "true" }), h("header", null, close), body);
  root.addEventListener("click", ({ target }) => target === root && root.close());
  document.body.append(root);
  return {
    open() {
      if (!body.firstChild) body.append(parts.widgets.make("offer", { paid: till.soon, confirmed: till.soon, step: till.follow }));
      root.showModal();
    },
    close: () => root.close(),
    draw() {
      root.setAttribute("aria-label", till.t("restock"));
      close.replaceChildren(icon("close"));
      close.setAttribute("aria-label", till.t("sheet_close"));
    },
  };
}

