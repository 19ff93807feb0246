/** The till's own server. */

/** It refused or could not; `code` is the gateway's or the till's. */
export class Fault extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

async function call(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Fault("till_unreachable", "");
  }
  const text = await answer.text();
  const read = text ? JSON.parse(text) : undefined;
  if (!answer.ok) throw new Fault(read?.code ?? "till_failed", read?.detail ?? "");
  return read;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

/** Hear what happens; `heard[event](data)`. The browser connects again by itself, `back` says that it has. */
export function listen(heard, back) {
  const feed = new EventSource("/api/feed");
  for (const [event, hear] of Object.entries(heard)) feed.addEventListener(event, ({ data }) => hear(JSON.parse(data)));
  let before = false;
  feed.addEventListener("open", () => {
    if (before) back();
    before = true;
  });
}
