/** The webhooks as they came: whether the signature was checked, and what they carry. */
import { button, h, icon } from "./dom.js";

export function eventsView({ t, f, attempt, say }, { hooks }) {
  const forge = async () => {
    const done = await attempt("/api/hooks/forge");
    if (done) say(t("forged", { n: done.status }));
  };
  return [
    h("div", { class: "row between" }, h("span", { class: "fine" }, t("events_n", { n: f.number(hooks.length) })), button(t("forge"), "demo", forge, { "data-key": "forge" })),
    hooks.length ? h("ul", { class: "hooks" }, hooks.slice(0, 120).map((hook) => one(t, f, hook))) : h("div", { class: "empty" }, t("events_none")),
  ];
}

function one(t, f, { id, type, verified, body }) {
  const mark = h("span", { class: verified ? "mark good" : "mark bad" }, icon(verified ? "check" : "cross"), t(verified ? "verified" : "refused"));
  const at = body?.timestamp ? `${f.day(body.timestamp)} ${f.time(body.timestamp)}` : "";
  const facts = Object.entries(body?.data ?? {}).filter(([name]) => !["sequence", "merchant_id"].includes(name));
  return h(
    "li",
    { class: verified ? "" : "refused" },
    h("details", null, h("summary", null, h("strong", null, type), h("time", null, at), mark), h("dl", null, facts.map(([name, value]) => [h("dt", null, name), h("dd", null, plain(value))])), h("code", null, id)),
  );
}

const plain = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
