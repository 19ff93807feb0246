/** The page before there is a shop to show, and what failures are called. */
import { h } from "./dom.js";

const STEPS = ["registering", "consenting", "history"];
const KNOWN = { nothing_owed: "nothing_owed", drawer_closed: "drawer_closed_fault", z_totals_differ: "z_totals_differ" };

/** The skeleton at its final size, and which step runs. */
export function preparing({ t, name, step }) {
  const at = STEPS.indexOf(step);
  const steps = STEPS.map((one, index) =>
    h("li", { class: index < at ? "done" : index === at ? "now" : "", "aria-current": index === at && "step" }, t(`step_${one}`)),
  );
  return h(
    "div",
    { class: "preparing", role: "status" },
    h("div", { class: "bones", "aria-hidden": "true" }, Array.from({ length: 8 }, () => h("span", { class: "bone" }))),
    h("div", { class: "card" }, h("h1", null, t("preparing", { x: name() })), h("ol", { class: "steps" }, steps)),
  );
}

/** One sentence for a fault. */
export function faulty(t, { code, message }) {
  if (code === "till_unreachable") return t("till_down");
  if (code === "gateway_unreachable") return t("gateway_down_said");
  return code in KNOWN ? t(KNOWN[code]) : `${t("failed")}: ${message || code}`;
}
