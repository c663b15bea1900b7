import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { releaseBytes } from "../../../streaming/release-bytes.ts";

/** Maximum number of lingering sockets, the maximum time of each, and the bytes read and discarded meanwhile. */
export interface LingerBounds {
  sockets: number;
  ms: number;
  bytes: number;
}

const BOUNDS: LingerBounds = { sockets: 128, ms: 5_000, bytes: 32 * 1_048_576 };

/**
 * Closes connections whose response was sent before the request had fully arrived. If closed at once, a socket with
 * unread bytes is reset, and a client that is still sending may lose the response. So our half is closed, and incoming
 * data is discarded until the client has noticed. Over the byte bound nothing more is read; over the time bound the
 * socket is closed.
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

  /** Later requests on such a connection were sent before the client knew that it closes; they are not served. */
  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** Lets the connection linger if the response to this request closes it too early. Call before responding. */
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
      // A connection that stays open is closed on its own path for the next request.
      request.once("end", () => {
        socket.destroySoon = close;
      });
      // Node would discard the rest of an unread body without counting it.
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
