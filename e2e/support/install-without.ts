import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const projectDir = path.resolve(import.meta.dirname, "../..");

/** This build in a folder of its own where one package is missing, as npm leaves an optional one that does not fit. */
export function installWithout(missing: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-without-"));
  for (const name of [".next", "prisma", "package.json", "next.config.js"])
    symlinkSync(path.join(projectDir, name), path.join(folder, name));
  // Copied: a module's packages are sought from where the file really is.
  cpSync(path.join(projectDir, "dist"), path.join(folder, "dist"), { recursive: true });
  const packages = path.join(projectDir, "node_modules");
  mkdirSync(path.join(folder, "node_modules"));
  for (const name of readdirSync(packages))
    if (name !== missing) symlinkSync(path.join(packages, name), path.join(folder, "node_modules", name));
  return folder;
}
