import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../lib/contracts/settings.ts";
import { FIXED, FIXED_NAMES } from "../lib/server/env.ts";
import { PROBLEMS } from "../lib/shared/errors.ts";
import { documentFiles } from "./documents.mjs";
import { outdated } from "./reference.ts";
import { eventsPage, metricsPage, problemsPage, routesPage, settingsPage, table } from "./reference-pages.ts";
import { projectDir } from "./setup.mjs";

it("a page that differs, one that is missing and one that nothing makes are outdated, a current one is not", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-reference-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of [
    ["current.md", "a\n"],
    ["differs.md", "a\n"],
    ["nobody.md", "a\n"],
    ["other.txt", "a\n"],
  ] as const)
    writeFileSync(path.join(folder, name), text);
  const made = new Map([
    ["current.md", "a\n"],
    ["differs.md", "b\n"],
    ["missing.md", "a\n"],
  ]);
  expect(outdated(folder, made)).toEqual(["differs.md", "missing.md", "nobody.md"]);
});

it("a cell with a bar stays one cell", () => {
  expect(table(["a"], [["x | y"]])).toBe("| a |\n|---|\n| x \\| y |");
});

it("the page of settings has each variable with what it takes", () => {
  const page = settingsPage();
  for (const name of [...FIXED_NAMES, ...SETTING_NAMES.map((setting) => SETTINGS[setting].variable)])
    expect(page).toContain(`| \`${name}\` |`);
  expect(page).toContain(
    "| `HEADROOM_SESSION_DURABILITY` | `sessionDurability` | `everysec` | – | `everysec`, `always` |",
  );
  expect(page).toContain("| `HEADROOM_MAX_BODY_MB` | `maxBodyMb` | `8` | MB | 0.001–512 |");
});

it("the page of problems has each code with its status", () => {
  for (const [name, [status, title]] of Object.entries(PROBLEMS))
    expect(problemsPage()).toContain(`| \`${name}\` | ${status} | ${title} |`);
});

it("the page of metrics has ours with their labels, and leaves default ones out", () => {
  const page = metricsPage(
    `# HELP nodejs_version Node\n# TYPE nodejs_version gauge\nnodejs_version 1
# HELP headroom_b Second\n# TYPE headroom_b histogram\nheadroom_b_bucket{route="/",le="1"} 2
# HELP headroom_a First\n# TYPE headroom_a gauge\nheadroom_a 3\n`,
  );
  expect(page).toContain("| `headroom_a` | gauge | – | First |\n| `headroom_b` | histogram | `route` | Second |");
  expect(page).not.toContain("nodejs_version");
});

it("the page of events tells who hears an event, and where the same is read", () => {
  expect(eventsPage()).toMatch(
    /\| `stream:progress` \| .+ \| `operator`, `viewer`, `consumer` of the namespace \| `GET .+` \|/,
  );
});

it("the page of routes has each operation under its tag, with its role and answers", () => {
  const operation = {
    tags: ["stores"],
    summary: "Read it",
    "x-headroom-role": ["viewer", "consumer"],
    responses: { 200: {}, default: {} },
  };
  const page = routesPage({
    paths: { "/a/{id}": { get: operation, put: { ...operation, "x-headroom-role": "none" } } },
  });
  expect(page).toContain("## Stores");
  expect(page).toContain(
    "| `GET` | `/a/{id}` | viewer, consumer | 200 | Read it |\n| `PUT` | `/a/{id}` | none | 200 | Read it |",
  );
});

it("a default that a document tells in brackets behind a setting is the setting's", () => {
  const defaults = new Map<string, unknown>([
    ...FIXED_NAMES.map((name) => [name, FIXED[name].fallback] as const),
    ...SETTING_NAMES.map((name) => [SETTINGS[name].variable, SETTINGS[name].fallback] as const),
  ]);
  const told = documentFiles().flatMap((file) =>
    [...readFileSync(path.join(projectDir, file), "utf8").matchAll(/`(HEADROOM_[A-Z_]+)` \(([\d,.]*\d)( %)?/g)].map(
      ([, variable = "", figure = "", percent]) => ({
        file,
        variable,
        figure: Number(figure.replaceAll(",", "")) / (percent ? 100 : 1),
      }),
    ),
  );
  expect(told.length).toBeGreaterThan(20);
  expect(told).toEqual(told.map((one) => ({ ...one, figure: defaults.get(one.variable) })));
});
