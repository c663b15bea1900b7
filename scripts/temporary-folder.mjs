import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLES = ["TMPDIR", "TMP", "TEMP"];

/**
 * Global set-up of both test runners: one temporary folder for all that a run makes, in its workers and the servers that they
 * start too. It goes with the run, also where a test failed before it could tidy up.
 *
 * @returns the tear-down.
 */
export default function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "headroom-test-"));
  // A Postgres that root starts has another account, and a folder of its own in here; nobody can list what is.
  chmodSync(folder, 0o711);
  const before = VARIABLES.map((name) => [name, process.env[name]]);
  for (const name of VARIABLES) process.env[name] = folder;
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
