import type { Client } from "../client/client.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** One server-sent event. */
export interface Told {
  id: string;
  type: string;
  data: string;
}

/** The events in a body of text/event-stream (WHATWG HTML, 9.2.6). Comments and unknown fields are dropped. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const told: Told = { id: "", type: "message", data: "" };
      for (const line of block.split(/\r?\n/)) {
        const [, field, text = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
        if (field === "id") told.id = text;
        else if (field === "event") told.type = text;
        else if (field === "data") told.data += text;
      }
      if (told.data) yield told;
    }
  }
}

/**
 * Follow what happens to the shop for as long as `signal` lets: `hear` is called for each event, `up` when the
 * connection stands or broke. It resumes after the last event heard, with back-off; EventSource could not carry DPoP.
 */
export async function follow(
  client: Client,
  signal: AbortSignal,
  hear: (told: Told) => void,
  up: (connected: boolean) => void,
): Promise<void> {
  let last = "";
  let wait_ms = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = last ? { "Last-Event-ID": last } : {};
      const answer = await client.request("GET", "/widget/v1/stream", { accept: "text/event-stream", signal, headers });
      up(true);
      wait_ms = FIRST_WAIT_MS;
      for await (const told of events(answer.body!)) {
        last = told.id || last;
        hear(told);
      }
    } catch {
      // What is wrong shows itself in the next call somebody waits for; here it only means: not yet.
    }
    if (signal.aborted) return;
    up(false);
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
    wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
  }
}
