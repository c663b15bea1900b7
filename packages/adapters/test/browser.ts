import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";

/** Somebody with a cookie, in front of an Express app. */
export class Browser {
  cookie = "";
  /** `Expires` of the cookie that came last; undefined where none was set. */
  expires: Date | undefined;
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.#base + path, { headers: this.cookie ? { cookie: this.cookie } : {} });
    const set = response.headers.get("set-cookie");
    const expires = /Expires=([^;]+)/.exec(set ?? "")?.[1];
    this.expires = expires === undefined ? undefined : new Date(expires);
    if (set) this.cookie = set.split(";")[0] ?? "";
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }
}

export async function listening(app: Express): Promise<{ base: string; server: Server }> {
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
