// `npm run check`: the static checks, and the unit tests of what differs from the last commit, or from the one that is told:
//   npm run check [-- COMMIT]
import path from "node:path";
import { install, projectDir, requireNode, say } from "./setup.mjs";
import { check, verifyStatic } from "./verify.mjs";

requireNode();
install();
install("packages/fleet");
const { failed } = await verifyStatic();
const vitest = path.join(projectDir, "node_modules/.bin/vitest");
const since = process.argv[2];
const changed = since === undefined ? "--changed" : `--changed=${since}`;
const passed = check("unit tests of what changed", vitest, ["run", changed, "--passWithNoTests"]);
say(failed === 0 && passed ? "all is well" : "there are failures above");
process.exit(failed === 0 && passed ? 0 : 1);
