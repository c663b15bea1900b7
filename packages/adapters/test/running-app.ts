import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import path from "node:path";

const EXAMPLES = path.resolve(import.meta.dirname, "../../../examples");

export interface RunningApp {
  readonly url: string;
  readonly pid: number;
  /** Ends it by a signal; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** An example's `app.mjs` as a process of its own, in a folder where the packages are; it is there when it tells its address. */
export async function startExample(
  name: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly string[] = [],
): Promise<RunningApp> {
  const place = path.join(folder, name);
  cpSync(path.join(EXAMPLES, name), place, { recursive: true });
  const child = spawn(process.execPath, [...flags, "app.mjs"], {
    cwd: place,
    env: { ...process.env, ...env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`examples/${name} ended with ${code}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /at (http:\S+)/.exec(chunk.toString())?.[1];
      if (found) resolve(found);
    });
  });
  const { pid = 0 } = child;
  return {
    url,
    pid,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}
