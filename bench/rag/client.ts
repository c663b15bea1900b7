import type { TestServer } from "../../e2e/support/server.ts";

/** One namespace of a server. */
export class Client {
  readonly #server: TestServer;
  readonly #namespace: string;

  constructor(server: TestServer, namespace: string) {
    this.#server = server;
    this.#namespace = namespace;
  }

  /** On a busy machine the server sheds for a while: what it refused so is sent again when it says. */
  async call<T>(method: string, target: string, body?: unknown): Promise<T> {
    const response = await this.#server.send(method, target, body, { "X-Namespace": this.#namespace });
    const retryAfter = response.status === 503 ? response.headers.get("retry-after") : null;
    if (retryAfter !== null) {
      await response.arrayBuffer();
      await new Promise((next) => setTimeout(next, Number(retryAfter) * 1_000));
      return this.call(method, target, body);
    }
    if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
