// Installs what the tests of the adapters need, and lets the adapters' sources find it as their peers.
import { lstatSync, symlinkSync } from "node:fs";
import path from "node:path";
import { install } from "../../../scripts/setup.mjs";

export function installPeersOfAdapters() {
  install("packages/adapters/test");
  const link = path.join(import.meta.dirname, "../node_modules");
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync("test/node_modules", link);
}

if (import.meta.filename === process.argv[1]) installPeersOfAdapters();
