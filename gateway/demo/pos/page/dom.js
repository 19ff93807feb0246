/** Elements without a framework: `h("p", { class: "note" }, "text")`. Text is text, never markup. */
export function h(tag, given, ...children) {
  return grown(document.createElement(tag), given, children);
}

/** The same for SVG. */
export function svg(tag, given, ...children) {
  return grown(document.createElementNS("http://www.w3.org/2000/svg", tag), given, children);
}

function grown(element, given, children) {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put new children in a place; whoever has the focus there keeps it, known by its `data-key`. */
export function fill(place, ...children) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** A button; `kind` is its class. While what it does runs it is busy and cannot be pressed again. */
export function button(text, kind, press, more) {
  const made = h("button", { type: "button", class: kind, ...more }, text);
  made.addEventListener("click", async () => {
    if (made.getAttribute("aria-busy") === "true") return;
    made.setAttribute("aria-busy", "true");
    try {
      await press(made);
    } finally {
      made.removeAttribute("aria-busy");
    }
  });
  return made;
}

const PATHS = {
  logo: ["M3 21v-8a9 9 0 0 1 18 0v8h-5v-4.2c0-2.6-1.6-4.3-4-6.3-.4 2.6-4 3.5-4 6.8V21z"],
  close: ["M6 6l12 12M18 6L6 18"],
  desk: ["M4 7h16M4 12h10M4 17h13"],
  out: ["M9 6h9v9M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M7 7l10 10M17 7L7 17"],
  offline: ["M4 4l16 16M8 13a6 6 0 0 1 6-1M5 9.5a10 10 0 0 1 4-2M12 18h.01M13 7a10 10 0 0 1 6 2.5"],
  drawer: ["M4 10h16v9H4zM7 10V5h10v5M9 14.5h6"],
};

/** A line icon of 24 px, hidden from readers: words stand beside it. */
export function icon(name) {
  const filled = name === "logo";
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", fill: filled ? "currentColor" : "none", stroke: filled ? "none" : "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round" },
    PATHS[name].map((d) => svg("path", { d })),
  );
}
