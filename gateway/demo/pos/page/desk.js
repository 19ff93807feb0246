/** The demo desk: what the owner still has to do, the clock, the bank's view and the webhooks. No part of the till. */
import { get } from "./api.js";
import { bankView } from "./bank.js";
import { fill, h, icon } from "./dom.js";
import { eventsView } from "./events.js";
import { storyView } from "./story.js";

const TABS = { story: storyView, bank: bankView, events: eventsView };

export function desk(till) {
  const root = document.getElementById("desk");
  const head = h("header", null);
  const tabs = h("div", { class: "tabs", role: "tablist" });
  const body = h("div", { class: "body", role: "tabpanel" });
  root.append(head, tabs, body);
  const known = { tab: "story", hooks: [], bank: undefined, side: undefined, living: undefined, open: false };
  let hearing;

  async function ask(path) {
    try {
      return await get(path);
    } catch {
      return undefined;
    }
  }

  const own = {
    isOpen: () => known.open,
    toggle() {
      known.open = !known.open;
      document.body.classList.toggle("with-desk", known.open);
      root.hidden = !known.open;
      own.draw();
      document.querySelector(".desk-open").setAttribute("aria-expanded", String(known.open));
      if (known.open) void own.refresh();
    },
    /** Ask again for what is shown. */
    async refresh() {
      if (!till.shop) return;
      const [side, bank, hooks] = await Promise.all([ask(till.path("/desk")), ask("/api/bank"), ask("/api/hooks")]);
      Object.assign(known, { side, bank, hooks: hooks ?? known.hooks });
      own.draw();
    },
    /** A webhook came. */
    heard(hook) {
      known.hooks = [hook, ...known.hooks];
      clearTimeout(hearing);
      hearing = setTimeout(() => (known.living ? own.draw() : till.soon()), 300);
    },
    /** A day was lived. */
    lived({ today_on, lived_count }) {
      if (known.living === undefined) return;
      known.living = till.t("living", { n: till.f.number(lived_count), d: till.f.date(today_on) });
      own.draw();
    },
    /** Let time pass. */
    async live(until) {
      known.living = till.t("living", { n: 0, d: till.f.date(till.shop.today_on) });
      own.draw();
      const done = await till.attempt(till.path("/clock"), { until });
      known.living = undefined;
      if (done) till.say(till.t("lived", { n: till.f.number(done.lived_count) }));
      await till.refresh();
      await own.refresh();
    },
    draw() {
      if (!known.open) return;
      const { t } = till;
      root.setAttribute("aria-label", t("desk"));
      fill(
        head,
        h("div", null, h("h2", null, t("desk")), h("p", null, t("desk_note"))),
        h("button", { type: "button", class: "icon-only", "data-key": "shut", "aria-label": t("sheet_close"), onclick: own.toggle }, icon("close")),
      );
      fill(
        tabs,
        Object.keys(TABS).map((name) =>
          h("button", { type: "button", role: "tab", "data-key": name, "aria-selected": String(known.tab === name), onclick: () => { known.tab = name; own.draw(); } }, t(`tab_${name}`)),
        ),
      );
      fill(body, TABS[known.tab](till, known, own));
    },
  };
  return own;
}
