/** Loan: what runs, and what was agreed to; both are Restock's own. */
import { h } from "./dom.js";

export function loans(till, parts) {
  const manage = h("h2", null);
  const consents = h("h2", null);
  const root = h(
    "section",
    null,
    h("div", { class: "left" }, manage, parts.widgets.make("manage", { step: till.follow })),
    h("div", { class: "right" }, consents, parts.widgets.make("consents")),
  );
  return {
    root,
    draw() {
      manage.textContent = till.t("loans");
      consents.textContent = till.t("consents");
    },
  };
}
