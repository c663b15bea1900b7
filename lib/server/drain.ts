import type { Server as HttpServer } from "node:http";
import net from "node:net";

/** How long requests in flight may take to finish. */
const DRAIN_MS = 10_000;
/** Keep-alive connections may have sent their next request before they received `Connection: close`. */
const IDLE_MS = 300;
const CHECK_MS = 20;

/**
 * Counts requests in flight and stops a server without failing accepted requests: stop accepting, answer requests on
 * open connections with `Connection: close`, and only then close idle connections.
 */
export class Drain {
  readonly #server: HttpServer;
  #inFlight = 0;
  #lastActivityMs = 0;

  constructor(server: HttpServer) {
    this.#server = server;
    server.on("request", (_request, response) => {
      this.#inFlight += 1;
      response.once("close", () => {
        this.#inFlight -= 1;
        this.#lastActivityMs = performance.now();
      });
    });
  }

  /** @returns whether every request finished in time. */
  async run(): Promise<boolean> {
    const startedMs = performance.now();
    this.#lastActivityMs = startedMs;
    // http.Server.close() would also close idle connections at once, although a request may be arriving on them.
    net.Server.prototype.close.call(this.#server);
    const over = () => performance.now() - startedMs > DRAIN_MS;
    const idle = () => this.#inFlight === 0 && performance.now() - this.#lastActivityMs > IDLE_MS;
    while (!over() && !idle()) await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
    const finished = this.#inFlight === 0;
    this.#server.closeAllConnections();
    return finished;
  }
}
