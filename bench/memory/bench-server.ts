import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OPERATOR_KEY } from "../../e2e/support/server.ts";
import { HttpClient } from "./http-client.ts";

const projectDir = path.resolve(import.meta.dirname, "../..");
const preload = path.join(import.meta.dirname, "collect-on-signal.mjs");

/** A server to measure: what Node runs, and what it finds in its environment. */
export interface Variant {
  name: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

export interface ProcessMemory {
  heapUsed: number;
  external: number;
  rss: number;
}

/** A server in a process of its own. All variants run with the same flags, Node's own: what is compared is what they keep. */
export class BenchServer {
  readonly client: HttpClient;
  readonly #child: ChildProcess;
  readonly #dir: string;
  #output = "";

  private constructor(child: ChildProcess, client: HttpClient, dir: string) {
    this.#child = child;
    this.client = client;
    this.#dir = dir;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk;
    });
  }

  static async start({ args, env }: Variant): Promise<BenchServer> {
    const dir = mkdtempSync(path.join(tmpdir(), "headroom-bench-"));
    const child = spawn(process.execPath, ["--expose-gc", "--import", preload, ...args], {
      cwd: projectDir,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        NODE_ENV: "production",
        PORT: "0",
        // As the launcher has it: blocks that are released leave the process. For all variants.
        MALLOC_MMAP_THRESHOLD_: "131072",
        HEADROOM_LOG_LEVEL: "warn",
        HEADROOM_OPERATOR_KEY: OPERATOR_KEY,
        HEADROOM_DATABASE_URL: `file:${path.join(dir, "headroom.db")}`,
        ...env,
      },
    });
    const url = await addressOf(child, args);
    return new BenchServer(child, new HttpClient(url, 8, { authorization: `Bearer ${OPERATOR_KEY}` }), dir);
  }

  /** What the process holds after a full collection. */
  async memory(): Promise<ProcessMemory> {
    this.#output = "";
    this.#child.kill("SIGUSR2");
    for (;;) {
      const text = /HELD (.*)\n/.exec(this.#output)?.[1];
      if (text) return JSON.parse(text);
      await sleep(20);
    }
  }

  /** What our store says that it holds off the heap; 0 for a server that has nobody to ask. */
  async claimedBytes(store: string): Promise<number> {
    const { status, body } = await this.client.send("GET", "/monitoring/memory");
    if (status !== 200) return 0;
    const { stores } = JSON.parse(body.toString()) as { stores?: { store: string; bytes: number }[] };
    return stores?.find((each) => each.store === store)?.bytes ?? 0;
  }

  /** Waits until what is idle has been packed: until the store's bytes stand still for 2 s, for 45 s at most. */
  async settle(store: string): Promise<void> {
    let last = -1;
    for (let turn = 0; turn < 22; turn++) {
      await sleep(2_000);
      const claimed = await this.claimedBytes(store);
      if (claimed === last) return;
      last = claimed;
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function addressOf(child: ChildProcess, args: readonly string[]): Promise<string> {
  let output = "";
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const url = /ready at (\S+)/.exec(output)?.[1];
      if (!url) return;
      child.stdout?.off("data", read);
      resolve(url);
    };
    child.stdout?.on("data", read);
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}\n${output}`)));
  });
}
