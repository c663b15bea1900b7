// `npm start`: sets up what is missing, then runs the server with the V8 flags for its memory limit.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import path from "node:path";
import { chooseGcFlags, effectiveLimitBytes } from "./gc-flags.mjs";
import { build, fail, install, installFleet, projectDir, requireNode } from "./setup.mjs";

requireNode();
const envFile = path.join(projectDir, ".env");
if (existsSync(envFile)) process.loadEnvFile(envFile);
install();
installFleet();
build();

const { flags, env: allocator } = chooseGcFlags({
  limitBytes: effectiveLimitBytes(process.env, {
    constrained: process.constrainedMemory?.() ?? 0,
    machine: totalmem(),
  }),
  environment: process.env,
});
const env = { ...allocator, ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
const server = spawn(process.execPath, [...flags, "dist/server.js"], {
  cwd: projectDir,
  stdio: "inherit",
  env,
});
server.on("error", (error) => fail(`the server did not start: ${error.message}`));
server.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 1)));
// npm forwards these to us, and a terminal sends them to the whole group: the server counts a second one as "at once".
const terminal = process.stdin.isTTY === true;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"])
  process.on(signal, () => (terminal && signal === "SIGINT" ? undefined : server.kill(signal)));
