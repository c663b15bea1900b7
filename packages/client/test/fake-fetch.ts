/** A request as the fake server saw it. */
export interface Seen {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** A fetch that answers from a list of handlers, in order; the last answers all that come after. */
export function fakeFetch(...handlers: ((seen: Seen, signal: AbortSignal) => Response | Promise<Response>)[]) {
  const seen: Seen[] = [];
  const answer = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const body = init.body === undefined || init.body === null ? "" : await new Response(init.body).text();
    const one = { method: init.method ?? "GET", url: new URL(String(input)), headers: new Headers(init.headers), body };
    const handler = handlers[Math.min(seen.length, handlers.length - 1)];
    seen.push(one);
    if (!handler) throw new Error("nobody answers");
    return await handler(one, init.signal ?? new AbortController().signal);
  };
  return { fetch: answer as typeof fetch, seen };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

export const problem = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  more: object = {},
): Response =>
  json({ type: "x", title: "t", status, detail: `it is ${code}`, code, requestId: "r1", ...more }, status, headers);
