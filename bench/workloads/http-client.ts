import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { Latencies } from "./statistics.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const IDLE_MS = 15_000;

/** A keep-alive client that times each kind of request, and counts every answer that nobody expected as an error. */
export class HttpClient {
  readonly latencies = new Map<string, Latencies>();
  readonly errors = new Map<string, number>();
  /** Idle connections are given up before the server does it, after 30 s: a request on one that is just being closed would be lost. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: IDLE_MS });
  readonly #base: URL;
  readonly #authorization: string;

  constructor(base: string, key: string) {
    this.#base = new URL(base);
    this.#authorization = `Bearer ${key}`;
  }

  /** @param kind what it is timed as. @param expected statuses that are no error. */
  async send(
    kind: string,
    method: string,
    path: string,
    expected: readonly number[],
    body?: Buffer,
    headers: Record<string, string> = {},
  ): Promise<Answer | null> {
    const startedMs = performance.now();
    try {
      const answer = await this.#exchange(method, path, body, headers);
      this.#timer(kind).record(performance.now() - startedMs);
      if (!expected.includes(answer.status)) this.fail(`${kind}: ${answer.status}`);
      return answer;
    } catch (error) {
      this.fail(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  fail(what: string): void {
    this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
  }

  get requests(): number {
    return [...this.latencies.values()].reduce((sum, { count }) => sum + count, 0);
  }

  get failures(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    this.#agent.destroy();
  }

  #timer(kind: string): Latencies {
    const timer = this.latencies.get(kind) ?? new Latencies();
    this.latencies.set(kind, timer);
    return timer;
  }

  #exchange(method: string, path: string, body: Buffer | undefined, headers: Record<string, string>): Promise<Answer> {
    const { hostname, port } = this.#base;
    const all = {
      authorization: this.#authorization,
      ...headers,
      ...(body ? { "content-length": String(body.byteLength) } : {}),
    };
    return new Promise((resolve, reject) => {
      const sent = request(
        { hostname, port, method, path, headers: all, agent: this.#agent, timeout: 60_000 },
        (got) => {
          const chunks: Buffer[] = [];
          got.on("data", (chunk: Buffer) => chunks.push(chunk));
          got.on("end", () =>
            resolve({ status: got.statusCode ?? 0, headers: got.headers, body: Buffer.concat(chunks) }),
          );
          got.on("error", reject);
        },
      );
      sent.on("timeout", () => sent.destroy(new Error("no answer within 60 s")));
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
