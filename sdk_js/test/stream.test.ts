import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { events, follow, type Told } from "../src/client/stream.js";
import { passed } from "./network.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const bytes = (...pieces: string[]): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
};

async function all(body: ReadableStream<Uint8Array>): Promise<Told[]> {
  const found: Told[] = [];
  for await (const told of events(body)) found.push(told);
  return found;
}

test("events are read whole however they are cut", async () => {
  const text = 'id: 7\r\nevent: drawdown.paid\r\ndata: {"a":\r\ndata: "é"}\r\n\r\n: alive\n\nretry: 5\n\ndata:x\n\nid: 9\ndata: half';
  const told = [
    { id: "7", type: "drawdown.paid", data: '{"a":\n"é"}' },
    { id: "", type: "message", data: "x" },
  ];
  expect(await all(bytes(text))).toEqual(told);
  expect(await all(bytes(...text))).toEqual(told);
});

test("an event without an end is not collected for ever", async () => {
  expect(await all(bytes("data: ", "x".repeat(2_000_000)))).toEqual([]);
});

test("it resumes after the last event heard, waits longer each time in vain, and ends with its signal", async () => {
  const stop = new AbortController();
  const asked: (string | undefined)[] = [];
  const heard: string[] = [];
  const ups: boolean[] = [];
  const answers = [() => new Response(bytes("id: 4\ndata: a\n\n", "id: 5\ndata: b\n\n")), () => Promise.reject(new Error("gone"))];
  const open = async (headers: Record<string, string>) => {
    asked.push(headers["Last-Event-ID"]);
    if (asked.length === 4) stop.abort();
    return (answers.shift() ?? (() => new Response(bytes("data: c\n\n"))))();
  };
  const hear = ({ data }: Told) => void heard.push(data);
  await passed(follow(open, { signal: stop.signal, hear, up: (up) => void ups.push(up), last: "3" }).then(() => true));
  expect(asked).toEqual(["3", "5", "5", "5"]);
  expect(heard.slice(0, 3)).toEqual(["a", "b", "c"]);
  expect(ups.slice(0, 4)).toEqual([true, false, false, true]);
});
