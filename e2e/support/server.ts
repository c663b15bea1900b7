import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chooseGcFlags, effectiveLimitBytes } from "../../scripts/gc-flags.mjs";

const projectDir = path.resolve(import.meta.dirname, "../..");

export const OPERATOR_KEY = "operator-key-for-tests-0123456789";

export interface Answered {
  method: string;
  path: string;
  status: number;
  headers: readonly string[];
}

export interface ServerOptions {
  /** More environment; the database is a new one in a folder of its own unless it says otherwise. */
  env?: Readonly<Record<string, string>>;
  /** A folder that outlives this server, for a restart on the same database. */
  dir?: string;
  /** Another place where it is installed and built. */
  installedAt?: string;
}

/** The built server as its own process, as `npm start` runs it. */
export class TestServer {
  readonly url: string;
  readonly dir: string;
  readonly process: ChildProcess;
  readonly #output: string[];
  /** What `send` was answered: for `expectDeclared`. */
  readonly answers = new Map<string, Answered>();

  private constructor(url: string, dir: string, child: ChildProcess, output: string[]) {
    this.url = url;
    this.dir = dir;
    this.process = child;
    this.#output = output;
  }

  static async start({
    env = {},
    dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-")),
    installedAt = projectDir,
  }: ServerOptions = {}): Promise<TestServer> {
    const { flags, env: allocator } = chooseGcFlags({ limitBytes: effectiveLimitBytes(env), environment: env });
    const child = spawn(process.execPath, [...flags, "dist/server.js"], {
      cwd: installedAt,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...cleanEnvironment(),
        ...allocator,
        NODE_ENV: "production",
        PORT: "0",
        HEADROOM_OPERATOR_KEY: OPERATOR_KEY,
        HEADROOM_DATABASE_URL: `file:${path.join(dir, "headroom.db")}`,
        // On a machine that is busy with other things a batch of texts may take longer than operators would wait.
        HEADROOM_EMBEDDINGS_TIMEOUT_SECONDS: "300",
        ...env,
      },
    });
    const output: string[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output.push(chunk.toString());
        const ready = /Headroom is ready at (\S+)/.exec(output.join(""))?.[1];
        if (ready) resolve(ready);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code) =>
        reject(new Error(`the server ended with ${code} before it was ready:\n${output.join("")}`)),
      );
    });
    return new TestServer(url, dir, child, output);
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output.join("");
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error("the server has no process");
    return this.process.pid;
  }

  get(target: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send("GET", target, undefined, headers);
  }

  /** A request with the operator key; a body that is not text or bytes is sent as JSON. */
  async send(
    method: string,
    target: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(`${this.url}${target}`, {
      method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${OPERATOR_KEY}`,
        ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    });
    const [path = ""] = target.split("?", 1);
    const answer = {
      method: method.toLowerCase(),
      path,
      status: response.status,
      headers: [...response.headers.keys()],
    };
    this.answers.set(`${answer.method} ${path} ${answer.status} ${answer.headers}`, answer);
    return response;
  }

  /** A key of another role or namespace. */
  async createKey(role: string, namespace = "default"): Promise<string> {
    const response = await this.send("POST", "/api/v1/keys", { name: `${role} in ${namespace}`, role, namespace });
    const { key } = (await response.json()) as { key: string };
    return key;
  }

  /** Resolves with its exit code when it has ended (null: by a signal). */
  ended(): Promise<number | null> {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode);
    return new Promise((resolve) => this.process.once("exit", resolve));
  }

  /** Sends a signal, and resolves when it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const ended = this.ended();
    this.process.kill(signal);
    return ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The environment without our own variables: a test's server has only what the test gives it. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^HEADROOM_|^PORT$|^HOST$/.test(name)));
}
