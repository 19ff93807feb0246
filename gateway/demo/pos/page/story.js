/** The desk's first page: the owner's turn, the clock, what becomes of the shop, switches and links. */
import { button, h, icon } from "./dom.js";

const SCENARIOS = ["healthy", "seasonal", "declining", "refund_wave", "inflated_sales", "data_silence", "closed_shop"];

export function storyView(till, known, own) {
  return [owners(till, known, own), clock(till, known, own), scenarios(till, own), switches(till), elsewhere(till, known)];
}

const part = (title, note, ...children) => h("section", null, h("h3", null, title), note && h("p", { class: "fine" }, note), ...children);
const away = (href, text) => h("a", { href, target: "_blank", rel: "noopener", class: "away" }, text, icon("out"));

function owners({ t, f, path, attempt, soon, links }, { side }, own) {
  if (!side) return part(t("waits"), null, h("p", { class: "fine" }, t("gateway_down")));
  const waiting = side.drawdowns.filter((one) => one.state === "awaiting_confirmation").map((one) =>
    h(
      "li",
      null,
      h("strong", null, t("waits_draw", { x: f.money(one.amount) })),
      h("p", { class: "fine" }, t("waits_draw_why")),
      h("p", { class: "row" }, away(one.confirmation_url, t("open_page")), away(links.outbox, t("open_outbox"))),
      button(t("play_passkey"), "demo", async () => (await attempt(path(`/passkey/${one.id}`))) && soon(), { "data-key": `play-${one.id}` }),
    ),
  );
  if (side.one_click) waiting.push(h("li", { class: "done" }, icon("check"), t("one_click_on")));
  else if (side.approval_url)
    waiting.push(
      h(
        "li",
        null,
        h("strong", null, t("waits_click")),
        h("p", { class: "fine" }, t("waits_click_why")),
        h("p", { class: "row" }, away(side.approval_url, t("open_page")), away(links.outbox, t("open_outbox"))),
      ),
    );
  return part(t("waits"), null, waiting.length ? h("ul", { class: "waits" }, waiting) : h("p", { class: "fine" }, t("waits_none")));
}

function clock({ t, f, now }, { side, living }, own) {
  const owed = Boolean(side?.drawdowns.length);
  const days = [["day", "day1", true], ["week", "day7", true], ["due", "due", owed], ["repaid", "repaid", owed]];
  return part(
    t("clock"),
    t("clock_why"),
    h("p", { class: "date", role: "status" }, living ?? `${f.day(now())} ${f.time(now())}`),
    h("div", { class: "grid" }, days.map(([until, name, may]) => button(t(name), "demo", () => own.live(until), { "data-key": name, disabled: !may || living !== undefined }))),
  );
}

function scenarios(till, own) {
  const { t, shop } = till;
  if (!shop?.scenario) return part(t("scenario"), shop ? t("scenario_file") : null);
  const choice = h("select", { "aria-label": t("scenario"), "data-key": "scenario" }, SCENARIOS.map((name) => h("option", { value: name, selected: name === shop.scenario }, t(`sc_${name}`))));
  const apply = async () => {
    const done = await till.attempt(till.path("/scenario"), { scenario: choice.value });
    till.say(t("applied"));
    await till.refresh();
    await own.refresh();
    return done;
  };
  return part(t("scenario"), null, h("div", { class: "row" }, choice, button(t("apply"), "demo", apply, { "data-key": "apply" })));
}

function switches(till) {
  const { t, lang, theme, key, shops } = till;
  const pick = (label, name, chosen, options) =>
    h("label", null, h("span", null, label), h("select", { "data-key": name, onchange: ({ target }) => till.choose({ [name]: target.value }) }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text))));
  return part(
    t("switches"),
    null,
    h(
      "div",
      { class: "picks" },
      pick(t("shop"), "key", key, shops.map((one) => [one.key, one.name[lang]])),
      pick(t("language"), "lang", lang, [["zh-CN", "中文"], ["en", "English"]]),
      pick(t("theme"), "theme", theme, ["light", "dark", "auto"].map((name) => [name, t(name)])),
    ),
  );
}

function elsewhere({ t, links }, { side }) {
  const consents = side ? new URL(side.consents_url, links.status).href : links.status;
  const all = [[consents, "link_consents"], [links.docs, "link_docs"], [links.outbox, "link_outbox"], [links.bank, "link_bank"], [links.status, "link_status"]];
  return part(t("links"), null, h("ul", { class: "links" }, all.map(([href, name]) => h("li", null, away(href, t(name))))));
}
