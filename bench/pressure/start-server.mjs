// Starts the built server (or another bundle of it) as `npm start` does: with the flags that the launcher would choose for its limit.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chooseGcFlags, effectiveLimitBytes } from "../../scripts/gc-flags.mjs";

export const KEY = "operator-key-for-benches-0123456789";
const projectDir = resolve(import.meta.dirname, "../..");

export async function startServer(env = {}, script = "dist/server.js") {
  const dir = mkdtempSync(join(tmpdir(), "headroom-pressure-"));
  const { flags, env: allocator } = chooseGcFlags({ limitBytes: effectiveLimitBytes(env), environment: env });
  const child = spawn(process.execPath, [...flags, script], {
    cwd: projectDir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      ...allocator,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      PORT: "0",
      HEADROOM_OPERATOR_KEY: KEY,
      HEADROOM_LOG_LEVEL: "warn",
      HEADROOM_DATABASE_URL: `file:${join(dir, "headroom.db")}`,
      ...env,
    },
  });
  let output = "";
  const port = await new Promise((ready, failed) => {
    const read = (chunk) => {
      output += chunk;
      const found = /Headroom is ready at http:\/\/[^:]+:(\d+)/.exec(output)?.[1];
      if (found) ready(Number(found));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => failed(new Error(`the server ended with ${code}:\n${output}`)));
  });
  return {
    port,
    pid: child.pid,
    output: () => output,
    exited: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((done) => child.once("exit", done));
        child.kill("SIGTERM");
        await ended;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
