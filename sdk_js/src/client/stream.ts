import { pause } from "./transport.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const LONGEST_EVENT = 1_000_000;

/** One server-sent event: its position, its name as in the event catalogue, its JSON. */
export interface Told {
  id: string;
  type: string;
  data: string;
}

/** The events in a body of text/event-stream (WHATWG HTML, 9.2.6). Comments and unknown fields are dropped, a bare id is kept. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop()!;
      if (rest.length > LONGEST_EVENT) return;
      for (const told of blocks.map(read)) if (told) yield told;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): Told | undefined {
  const told: Told = { id: "", type: "message", data: "" };
  const lines: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, text = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (field === "id") told.id = text;
    else if (field === "event") told.type = text;
    else if (field === "data") lines.push(text);
  }
  told.data = lines.join("\n");
  return lines.length || told.id ? told : undefined;
}

/** How to follow: `hear` gets each event, `up` whether the connection stands. */
export interface Following {
  signal: AbortSignal;
  hear: (told: Told) => void;
  up?: (connected: boolean) => void;
  /** Events after this one; without it, those from now on. */
  last?: string;
}

/**
 * Follow what `open` streams until the signal says no more. It resumes after the last event heard, with back-off.
 * EventSource could not: it carries no DPoP proof.
 */
export async function follow(
  open: (headers: Record<string, string>) => Promise<Response>,
  { signal, hear, up, last = "" }: Following,
): Promise<void> {
  let wait_ms = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const answer = await open(headers);
      up?.(true);
      for await (const told of events(answer.body!)) {
        last = told.id || last;
        if (!told.data) continue; // where it begins: what happens before anything was heard is not missed
        wait_ms = FIRST_WAIT_MS;
        hear(told);
      }
    } catch {
      // What is wrong shows itself in the next call somebody waits for; here it only means: not yet.
    }
    if (signal.aborted) return;
    up?.(false);
    await pause(wait_ms, signal).catch(() => undefined);
    wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
  }
}
