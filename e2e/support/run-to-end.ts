import { spawn } from "node:child_process";
import path from "node:path";

const projectDir = path.resolve(import.meta.dirname, "../..");

/** Runs the server until it ends by itself. @param installedAt another place where it is installed and built. */
export function runToEnd(
  env: Record<string, string>,
  installedAt = projectDir,
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ["dist/server.js"], {
    cwd: installedAt,
    env: { ...process.env, NODE_ENV: "production", ...env },
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once("exit", (code) => resolve({ code, stderr })));
}
