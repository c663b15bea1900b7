import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const INSTALLED = "/usr/lib/postgresql";
/** For tests: nothing is synced to disk. */
const FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
const PORT_ATTEMPTS = 5;

/** Debian's binaries, of the newest version; null where there are none. */
function binaries(): { initdb: string; postgres: string } | null {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const found = ["initdb", "postgres"].map((name) => path.join(INSTALLED, version, "bin", name));
    const [initdb = "", postgres = ""] = found;
    if (found.every((file) => existsSync(file))) return { initdb, postgres };
  }
  return null;
}

/** Whether tests can have a server of their own: what needs one is left out by name otherwise. */
export const hasPostgres = binaries() !== null;

/** Postgres refuses to run as root, and initdb wants an account that exists. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const rows = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((row) => row.split(":"));
  const [, , uid, gid] = rows.find(([name]) => name === "postgres") ?? rows.find(([name]) => name === "nobody") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** A Postgres of a test's own, on a free port and in a folder of its own; never one that is there for others. */
export class PostgresServer {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.url = `postgres://headroom@127.0.0.1:${port}/postgres`;
    this.#port = port;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(): Promise<PostgresServer> {
    const found = binaries();
    if (found === null) throw new Error(`there is no Postgres in ${INSTALLED}`);
    const folder = mkdtempSync(path.join(tmpdir(), "postgres-"));
    const { uid, gid } = account();
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    const flags = [
      "-D",
      path.join(folder, "data"),
      "-U",
      "headroom",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ];
    const made = spawnSync(found.initdb, flags, options(folder));
    if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`);
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        return new PostgresServer(port, folder, await started(port, folder));
      } catch (error) {
        // Another process may have taken the port meanwhile.
        if (attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** It holds its sockets and answers nothing, as one behind a cut network: the server, and all its processes. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Ends it at once; what was committed is there after a restart. */
  async halt(): Promise<void> {
    await ended(this.#child, "SIGINT");
  }

  /** Starts again on the same port. */
  async restart(): Promise<void> {
    this.#child = await started(this.#port, this.#folder);
  }

  async stop(): Promise<void> {
    this.resume();
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null) return;
    // The server first: one that stands still begins no others. A process may have ended meanwhile.
    for (const each of [pid, ...childrenOf(pid)])
      try {
        process.kill(each, signal);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
  }
}

const options = (folder: string) => ({
  ...account(),
  cwd: folder,
});

/** Each connection has a process of its own, and a session of its own. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const status = statOf(pid);
    return status !== null && Number(status.split(") ").at(-1)?.split(" ")[1]) === parent;
  });
}

function statOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

async function started(port: number, folder: string): Promise<ChildProcess> {
  const settings = [...FAST, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`];
  const flags = ["-D", path.join(folder, "data"), "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])];
  const child = spawn(binaries()?.postgres ?? "", flags, { ...options(folder), stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${log}`)));
    child.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4_000);
      if (log.includes("ready to accept connections")) resolve();
    });
  });
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
