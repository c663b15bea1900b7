import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** Whether tests can have a server of their own: what needs one is left out by name otherwise. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

const SETTINGS = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
const PORT_ATTEMPTS = 5;

/** A Redis of a test's own, on a free port and in a folder of its own; never one that is there for others. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  #child: ChildProcess;
  readonly #args: readonly string[];

  private constructor(port: number, folder: string, args: readonly string[], child: ChildProcess) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#args = args;
    this.#child = child;
  }

  /** @param args more options, such as `--maxmemory 10mb`. */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const folder = mkdtempSync(path.join(tmpdir(), "redis-"));
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        return new RedisServer(port, folder, args, await started(port, folder, args));
      } catch (error) {
        // Another process may have taken the port meanwhile.
        if (attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** It holds its sockets and answers nothing, as one behind a cut network. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    await ended(this.#child, "SIGKILL");
  }

  /** Starts again on the same port. @param empty without what it had on disk. */
  async restart({ empty = false } = {}): Promise<void> {
    if (empty) rmSync(path.join(this.#folder, "appendonlydir"), { recursive: true, force: true });
    this.#child = await started(this.port, this.#folder, this.#args);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function started(port: number, folder: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn("redis-server", ["--port", String(port), "--dir", folder, ...SETTINGS, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  await new Promise<void>((resolve, reject) => {
    let log = "";
    child.stdout.on("data", (chunk) => {
      log += chunk;
      if (log.includes("Ready to accept connections")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${log.slice(-400)}`)));
  });
  // Its log is read on, and kept by nobody.
  child.stdout.removeAllListeners("data");
  child.stdout.resume();
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exit;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
