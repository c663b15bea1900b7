// A keep-alive client of fixed width, and the watch on a process's memory from outside. Built-ins only.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

const PAGE_BYTES = 4096;

export function rssOf(pid) {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}

/** Reads a process's RSS every 10 ms from outside. */
export class RssWatch {
  constructor(pid) {
    this.pid = pid;
    this.peakBytes = 0;
    this.timer = setInterval(() => this.read(), 10);
  }
  read() {
    try {
      const bytes = rssOf(this.pid);
      this.peakBytes = Math.max(this.peakBytes, bytes);
      return bytes;
    } catch {
      // It has died: the peak stands.
      return 0;
    }
  }
  stop() {
    clearInterval(this.timer);
  }
}

export class Client {
  constructor({ port, key, connections = 32 }) {
    this.port = port;
    this.key = key;
    this.connections = connections;
    this.watched = new WeakSet();
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Resolves with `{status, headers, body}`; never rejects for a status. */
  send(method, path, body, headers = {}) {
    const json = body !== undefined && !(body instanceof Uint8Array);
    const bytes = json ? Buffer.from(JSON.stringify(body)) : body;
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: "127.0.0.1",
          port: this.port,
          agent: this.agent,
          method,
          path,
          headers: {
            authorization: `Bearer ${this.key}`,
            ...(json ? { "content-type": "application/json" } : {}),
            ...(bytes ? { "content-length": bytes.length } : {}),
            ...headers,
          },
        },
        (response) => {
          const parts = [];
          response.on("data", (part) => parts.push(part));
          response.on("end", () =>
            resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
          );
          response.on("error", reject);
        },
      );
      call.on("error", reject);
      // A server that answers before it has read the whole body closes the connection under what is still being sent.
      call.on("socket", (socket) => {
        if (this.watched.has(socket)) return;
        this.watched.add(socket);
        socket.on("error", reject);
      });
      call.end(bytes);
    });
  }

  async json(method, path, body) {
    const { status, body: bytes } = await this.send(method, path, body);
    return { status, value: bytes.length > 0 ? JSON.parse(bytes.toString("utf8")) : null };
  }

  /** Runs `work(at)` for each index, as many at once as there are connections. */
  async each(count, work) {
    let next = 0;
    await Promise.all(
      Array.from({ length: this.connections }, async () => {
        while (next < count) await work(next++);
      }),
    );
  }

  close() {
    this.agent.destroy();
  }
}

export const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
