// `npm run dev`: the server from source; pages reload by themselves.
import { spawn } from "node:child_process";
import { install, installFleet, projectDir, requireNode } from "./setup.mjs";

requireNode();
install();
installFleet();
const env = { ...process.env, NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" };
const server = spawn(process.execPath, ["--import", "tsx", "server.ts"], { cwd: projectDir, stdio: "inherit", env });
server.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill(signal));
