import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { releaseBytes } from "../../../streaming/release-bytes.ts";

/** Sockets that linger at once, how long each may, and how much of its body is read and thrown away meanwhile. */
export interface LingerBounds {
  sockets: number;
  ms: number;
  bytes: number;
}

const BOUNDS: LingerBounds = { sockets: 128, ms: 5_000, bytes: 32 * 1_048_576 };

/**
 * Closes connections whose answer was sent before their request had arrived. Closed at once, a socket with unread bytes
 * is reset, and a client that still sends may lose the answer. So our half is closed, and what comes is thrown away
 * until the client has seen that. Over the bound of bytes nothing more is read; over the bound of time the socket closes.
 */
export class Lingering {
  readonly #bounds: LingerBounds;
  readonly #sockets = new Set<Socket>();

  constructor(bounds: LingerBounds = BOUNDS) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** What follows on such a connection was sent before its client knew that it closes, and is not served. */
  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** Lets the connection linger if the response to this request closes it too early. Call before it is answered. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    // Before Node's own listener, which closes the connection by `destroySoon`.
    response.prependOnceListener("finish", () => {
      if (request.complete || request.destroyed) return;
      const { socket } = request;
      const close = socket.destroySoon;
      socket.destroySoon = () => {
        if (request.complete) close.call(socket);
        else if (!this.#sockets.has(socket)) this.#linger(request, socket, () => close.call(socket));
      };
      // A connection that stays open has its own way to close again for the next request.
      request.once("end", () => {
        socket.destroySoon = close;
      });
      // Node would dump the rest of a body that nobody has read from, past every count.
      request.read(0);
      request.resume();
    });
  }

  #linger(request: IncomingMessage, socket: Socket, close: () => void): void {
    if (this.#sockets.size >= this.#bounds.sockets) {
      close();
      return;
    }
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#bounds.ms);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    socket.end();
    let left = this.#bounds.bytes;
    request.on("data", (chunk: Buffer) => {
      left -= chunk.byteLength;
      releaseBytes(chunk);
      if (left < 0) request.pause();
    });
    request.once("end", close);
    request.resume();
  }
}
