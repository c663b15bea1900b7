import { Agent, request } from "node:http";

/** Requests over kept connections: `fetch` costs more than the server does. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #base: URL;
  readonly #headers: Record<string, string>;

  constructor(base: string, connections: number, headers: Record<string, string> = {}) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#base = new URL(base);
    this.#headers = headers;
  }

  send(method: string, path: string, body?: string | Buffer, type = "application/json"): Promise<Answer> {
    const { hostname, port } = this.#base;
    const headers = body === undefined ? this.#headers : { ...this.#headers, "content-type": type };
    return new Promise((resolve, reject) => {
      const outgoing = request({ agent: this.#agent, hostname, port, method, path, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
        incoming.on("error", reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface Answer {
  status: number;
  body: Buffer;
}

/** Runs `work(i)` for each `i < count`, so many at a time. */
export async function inParallel(count: number, width: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
