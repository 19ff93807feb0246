/** What went wrong, as the gateway says it (RFC 9457, or an OAuth error). `status` 0: no answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly request_id?: string,
    /** Everything else the answer said. */
    readonly facts: Record<string, unknown> = {},
    /** How long to wait before asking again, where the gateway says so. */
    readonly retry_after_ms?: number,
  ) {
    super(detail || code);
    this.name = "Problem";
  }
}

/** The problem of an answer that is no success. */
export async function problemOf(answer: Response): Promise<Problem> {
  const said = Object(await answer.json().catch(() => ({}))) as Record<string, string>;
  const code = said.code ?? said.error ?? "unexpected_answer";
  const seconds = answer.headers.get("Retry-After") ?? "";
  const retry_after_ms = /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
  return new Problem(answer.status, code, said.detail ?? said.error_description ?? "", said.request_id, said, retry_after_ms);
}
