import type { TestServer } from "../../e2e/support/server.ts";

/** One namespace of a server. */
export class Client {
  readonly #server: TestServer;
  readonly #namespace: string;

  constructor(server: TestServer, namespace: string) {
    this.#server = server;
    this.#namespace = namespace;
  }

  async call<T>(method: string, target: string, body?: unknown): Promise<T> {
    const response = await this.#server.send(method, target, body, { "X-Namespace": this.#namespace });
    if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
