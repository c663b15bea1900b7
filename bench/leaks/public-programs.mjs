// The public programs of ../shared/data/leaks: where they lie, and a copy laid out as they expect (they ask for ../lib/harness).
import { cpSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PUBLIC_DIR = path.resolve(import.meta.dirname, "../../../shared/data/leaks/programs");

/** @returns the folder to run them in, its files, and `work`, which the caller removes; null where the programs are not there. */
export function layOut(dir = PUBLIC_DIR) {
  if (!existsSync(dir)) return null;
  const work = mkdtempSync(path.join(tmpdir(), "headroom-leaks-"));
  const programs = path.join(work, "programs");
  cpSync(dir, programs, { recursive: true });
  cpSync(path.join(dir, "lib"), path.join(work, "lib"), { recursive: true });
  return { work, programs, names: readdirSync(programs).filter((name) => name.endsWith(".js")) };
}
