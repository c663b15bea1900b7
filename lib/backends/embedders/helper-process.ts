import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import type { EncodeRequest, HelperMessage } from "../../ports/embedding-helper.ts";

export interface HelperProgram {
  /** The helper's entry point, its arguments, and the flags that Node needs to run it. */
  entryPath: string;
  args: readonly string[];
  execArgv: readonly string[];
}

/**
 * The helper sees no variable of the server's: keys are none of its affair. The allocator is told to keep
 * one arena and to give freed memory back, which halves what the helper holds after a large batch.
 */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
  MALLOC_MMAP_THRESHOLD_: "131072",
} as const;

/** One running helper: asked one thing at a time, told apart from its successors by being another object. */
export class HelperProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #nextId = 1;
  #runtime: "native" | "wasm" | null = null;
  #waiting: { id: number; resolve: (values: Float32Array) => void; reject: (error: Error) => void } | null = null;
  readonly ready: Promise<void>;

  constructor({ entryPath, args, execArgv }: HelperProgram, onExit: () => void) {
    const env: NodeJS.ProcessEnv = { NODE_ENV: "production", PATH: "/usr/bin:/bin", ...ENVIRONMENT };
    this.#child = fork(entryPath, [...args], {
      execArgv: [...execArgv],
      env,
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.ready = new Promise((resolve, reject) => {
      this.#child.on("message", (message: HelperMessage) => this.#hear(message, resolve, reject));
      this.#child.once("exit", () => reject(new Error("The embedding helper ended while it started.")));
      this.#child.once("error", reject);
    });
    this.ready.catch(() => undefined);
    this.#exited = new Promise((resolve) => {
      this.#child.once("exit", () => {
        this.#waiting?.reject(new Error("The embedding helper ended."));
        this.#waiting = null;
        onExit();
        resolve();
      });
    });
    // The helper never keeps the server alive.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get processId(): number | null {
    return this.#child.pid ?? null;
  }

  get runtime(): "native" | "wasm" | null {
    return this.#runtime;
  }

  /** Resident bytes as the system counts them now; 0 where it does not say or the process has gone. */
  get memoryBytes(): number {
    return this.#child.pid === undefined || this.#child.exitCode !== null ? 0 : residentBytes(this.#child.pid);
  }

  encode(texts: readonly string[]): Promise<Float32Array[]> {
    const request: EncodeRequest = { id: this.#nextId++, texts };
    return new Promise<Float32Array>((resolve, reject) => {
      this.#waiting = { id: request.id, resolve, reject };
      this.#child.send(request, (error) => {
        if (error !== null) reject(error);
      });
    }).then((values) => rowsOf(values, texts.length));
  }

  /** Ends the process; resolves when it is gone. */
  end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#child.kill(signal);
    return this.#exited;
  }

  #hear(message: HelperMessage, ready: () => void, failed: (error: Error) => void): void {
    if (message.kind === "ready") {
      this.#runtime = message.runtime;
      ready();
      return;
    }
    if (message.kind === "failed" && message.id === null) {
      failed(new Error(message.message));
      return;
    }
    if (this.#waiting === null || this.#waiting.id !== message.id) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    if (message.kind === "vectors") resolve(message.values);
    else reject(new Error(message.message));
  }
}

/** Views of the one answer: who keeps a row for long keeps its code (vector-code.ts), not the row. */
function rowsOf(values: Float32Array, count: number): Float32Array[] {
  const width = values.length / count;
  return Array.from({ length: count }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}
