/** The till: what it knows, which view is shown, and who is told when something changes. */
import { get, listen, post } from "./api.js";
import { closing } from "./closing.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { Format } from "./format.js";
import { loans } from "./loans.js";
import { ordering } from "./ordering.js";
import { faulty, preparing } from "./states.js";
import { takings } from "./takings.js";
import { top } from "./top.js";
import { sheet, widgets } from "./widgets.js";
import { words } from "./words.js";

const VIEWS = { order: ordering, today: takings, close: closing, loan: loans };
const THEMES = ["light", "dark", "auto"];
const SETTLE_MS = 250;

const asked = new URLSearchParams(location.search);
const till = {
  lang: asked.get("lang") ?? (navigator.language.startsWith("zh") ? "zh-CN" : "en"),
  theme: THEMES.includes(asked.get("theme")) ? asked.get("theme") : "auto",
  view: asked.get("view") in VIEWS ? asked.get("view") : "order",
  key: asked.get("shop"),
  cart: new Map(),
  shops: [],
  links: {},
  shop: undefined,
  fault: undefined,
  step: "waiting",
};
const parts = {};
const shown = {};

till.path = (rest = "") => `/api/shops/${till.key}${rest}`;
till.name = () => till.shops.find((one) => one.key === till.key)?.name[till.lang] ?? "";

/** Ask again where the shop stands, and draw. */
till.refresh = async () => {
  try {
    if (!till.shops.length) {
      const { shops, links } = await get("/api/shops");
      till.shops = shops;
      till.links = links;
      if (!shops.some((one) => one.key === till.key)) till.key = shops[0].key;
      draw();
    }
    till.shop = await get(till.path());
    till.clock = { at: Date.parse(till.shop.now), since: performance.now() };
    till.fault = undefined;
  } catch (fault) {
    till.fault = fault;
  }
  draw();
};

let settling;
/** Ask again soon: several things may have changed at once. */
till.soon = () => {
  clearTimeout(settling);
  settling = setTimeout(() => Promise.all([till.refresh(), parts.desk.refresh()]), SETTLE_MS);
};

/** The business time now, by the clock as it was last read. */
till.now = () => new Date(till.clock ? till.clock.at + performance.now() - till.clock.since : Date.now());

/** Do something at our server; says what went wrong instead of throwing. */
till.attempt = async (path, body) => {
  try {
    return await post(path, body);
  } catch (fault) {
    till.say(faulty(till.t, fault), "bad");
    return undefined;
  }
};

/** A line at the bottom, read out by screen readers. */
till.say = (text, kind = "good") => {
  const toast = document.getElementById("toast");
  toast.replaceChildren(h("p", { class: kind }, text));
  clearTimeout(till.saying);
  till.saying = setTimeout(() => toast.replaceChildren(), 6000);
};

/** The day after a sale or a refund, and what the gateway answered to it. */
till.sold = (sold) => {
  till.shop.day = sold.day;
  void parts.widgets.look();
};

till.go = (view) => {
  till.view = view;
  remember();
  draw();
  document.getElementById("view").focus({ preventScroll: true });
  scrollTo(0, 0);
};

/** Change language or look; another shop begins anew. */
till.choose = (changes) => {
  Object.assign(till, changes);
  remember();
  if (changes.key) return location.reload();
  parts.widgets.look();
  draw();
};

/** An element inside Restock asks for another screen: its `step`. */
till.follow = ({ detail }) => {
  parts.sheet.close();
  if (detail.name === "manage" || detail.name === "consents") till.go("loan");
  else parts.sheet.open();
};

function remember() {
  const query = new URLSearchParams({ shop: till.key, view: till.view, lang: till.lang, theme: till.theme });
  history.replaceState(null, "", `?${query}`);
}

function draw() {
  till.t = words(till.lang);
  till.f = new Format(till.lang, till.shop?.currency ?? "CNY", till.shop?.timezone ?? "UTC");
  const page = document.documentElement;
  page.lang = till.lang;
  page.dataset.theme = till.theme;
  document.title = `${till.t(till.view)} · ${till.t("brand")}`;
  parts.top.draw();
  parts.desk.draw();
  parts.sheet.draw();
  const main = document.getElementById("view");
  if (!till.shop) return void main.replaceChildren(till.fault ? broken() : preparing(till));
  for (const one of main.querySelectorAll(":scope > :not(.view)")) one.remove();
  shown[till.view] ??= mount(main, till.view);
  for (const [name, view] of Object.entries(shown)) view.root.hidden = name !== till.view;
  if (till.fault) main.prepend(banner());
  shown[till.view].draw();
}

function mount(main, name) {
  const view = VIEWS[name](till, parts);
  view.root.classList.add("view", name);
  main.append(view.root);
  return view;
}

const again = () => h("button", { type: "button", class: "plain", onclick: () => till.refresh() }, till.t("retry"));
const dead = () => till.fault.code === "till_unreachable";
const about = (suffix) => till.t(`${dead() ? "till" : "gateway"}_down${suffix}`);

function broken() {
  return h("div", { class: "card whole", role: "alert" }, h("h1", null, about("")), h("p", { class: "note" }, about("_why")), h("p", { class: "fine" }, till.fault.message), again());
}

function banner() {
  return h("div", { class: "banner", role: "alert" }, h("strong", null, about("")), h("span", null, about("_why")), again());
}

till.t = words(till.lang);
parts.widgets = widgets(till);
parts.top = top(till, parts);
parts.sheet = sheet(till, parts);
parts.desk = desk(till);
draw();
listen(
  {
    hook: (hook) => parts.desk.heard(hook),
    day: (day) => parts.desk.lived(day),
    step: ({ shop, step }) => {
      if (shop !== till.key) return;
      till.step = step;
      if (!till.shop) draw();
    },
  },
  till.soon,
);
setInterval(() => parts.top.tick(), 5000);
await till.refresh();
await parts.desk.refresh();
