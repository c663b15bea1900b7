/** The pages of `docs/reference`, as text: each is made of what the code declares, and nothing else. */
import { EVENT_AUDIENCE } from "../lib/contracts/events.ts";
import { SETTING_NAMES, SETTINGS, type SettingName, settingRange } from "../lib/contracts/settings.ts";
import { FIXED, FIXED_NAMES } from "../lib/server/env.ts";
import { PROBLEMS } from "../lib/shared/errors.ts";

/** What is read of an operation of the OpenAPI document. */
export interface Operation {
  tags: readonly string[];
  summary: string;
  "x-headroom-role": string | readonly string[];
  responses: Readonly<Record<string, object>>;
}

export interface OpenApi {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const MADE = "<!-- Made by `npm run docs` from the code: change it there. -->";

const page = (title: string, ...parts: readonly string[]): string => `${[`# ${title}`, MADE, ...parts].join("\n\n")}\n`;

/** A table of Markdown; what would end a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const code = (text: unknown): string => `\`${String(text)}\``;

const settingRow = (name: SettingName): string[] => {
  const { variable, fallback, unit, description } = SETTINGS[name];
  const { minimum, maximum, choices } = settingRange(name);
  const takes = choices ? choices.map(code).join(", ") : `${minimum}–${maximum}`;
  return [code(variable), code(name), code(fallback), unit || "–", takes, description];
};

/** Every variable and setting. */
export function settingsPage(): string {
  const fixed = FIXED_NAMES.map((name) => {
    const { fallback, takes, description } = FIXED[name];
    const given = typeof fallback === "boolean" ? (fallback ? "on" : "off") : fallback;
    const isEmpty = given === undefined || (Array.isArray(given) && given.length === 0);
    return [code(name), isEmpty ? "–" : code(String(given)), takes, description];
  });
  return page(
    "Settings",
    "From the environment or `.env`. A wrong value ends the start with a line that names it.",
    "## Changed while the server runs",
    "On the Settings page, or by `PATCH /api/v1/settings` with the name. A variable that is set pins its setting.",
    table(["variable", "name", "default", "unit", "takes", "what it is"], SETTING_NAMES.map(settingRow)),
    "## Fixed at the start",
    table(["variable", "default", "takes", "what it is"], fixed),
  );
}

/** Every code of a problem. */
export function problemsPage(): string {
  const rows = Object.entries(PROBLEMS).map(([name, [status, title]]) => [code(name), String(status), title]);
  return page(
    "Errors",
    "Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `code` and `requestId`. " +
      "Where fields are wrong, `errors` holds `{path, message}` for each. `path` is a JSON Pointer into the body, empty " +
      "for all of it, or `query.NAME`, `header.NAME`, `path.NAME`. Codes are stable: a client may switch on them.",
    table(["code", "status", "title"], rows),
  );
}

/** Our metrics, read from an exposition: `# HELP`, `# TYPE` and the labels of its lines. */
export function metricsPage(exposition: string): string {
  const rows = [...exposition.matchAll(/^# HELP (headroom_\S+) (.+)\n# TYPE \S+ (\S+)$/gm)].map(
    ([, name = "", help = "", type = ""]) => [code(name), type, labelsOf(exposition, name), help],
  );
  return page(
    "Metrics",
    "`GET /metrics` answers with Prometheus text: the default metrics of prom-client, and these. Counters only grow.",
    table(["name", "type", "labels", "what it is"], rows.sort(byFirst)),
  );
}

const byFirst = ([a = ""]: readonly string[], [b = ""]: readonly string[]): number => (a < b ? -1 : 1);

function labelsOf(exposition: string, name: string): string {
  const [, labels = ""] = new RegExp(`^${name}(?:_bucket)?\\{(.+)\\} `, "m").exec(exposition) ?? [];
  const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== "le");
  return names.length === 0 ? "–" : names.map(code).join(", ");
}

/** Every event of the socket. */
export function eventsPage(): string {
  const rows = Object.entries(EVENT_AUDIENCE).map(([name, { when, roles, namespaced, twin }]) => [
    code(name),
    when,
    `${["operator", ...roles].map(code).join(", ")}${namespaced ? " of the namespace" : ""}`,
    code(`GET ${twin}`),
  ]);
  return page(
    "Socket events",
    "Socket.IO at `/socket.io`, namespace `/monitoring`, with the cookie or `auth: { token: KEY }`. The server takes no " +
      "event. A payload is what the route beside it answers with, or an item of its list. `GET /asyncapi.json` describes " +
      "all of them as AsyncAPI 3.0, and `ServerToClientEvents` of `@headroom/client` has their types.",
    table(["event", "when", "who hears it", "the same over HTTP"], rows),
    "A socket whose key or sign-in has ended hears `signed-out {reason, message}` and is closed.",
  );
}

/** Every route with its role, grouped as in the OpenAPI document. */
export function routesPage({ paths }: OpenApi): string {
  const groups = new Map<string, string[][]>();
  for (const [route, operations] of Object.entries(paths)) {
    for (const [method, { tags, summary, responses, "x-headroom-role": role }] of Object.entries(operations)) {
      const tag = tags[0] ?? "other";
      const statuses = Object.keys(responses).filter(
        (status) => status !== "default" && !("$ref" in (responses[status] ?? {})),
      );
      const rows = groups.get(tag) ?? [];
      rows.push([code(method.toUpperCase()), code(route), [role].flat().join(", "), statuses.join(", "), summary]);
      groups.set(tag, rows);
    }
  }
  const parts = [...groups].flatMap(([tag, rows]) => [
    `## ${tag[0]?.toUpperCase()}${tag.slice(1)}`,
    table(["method", "path", "role", "answers", "what it does"], rows),
  ]);
  return page(
    "Routes",
    "The role is who may call a route beside the operator, who may call all. Every route can also answer with a " +
      "[problem](errors.md). Bodies and parameters are described at `/docs` and `/openapi.json` of a running server.",
    ...parts,
  );
}
