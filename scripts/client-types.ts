// `npm run client:types`: the types of packages/client, written from lib/contracts. The package has no dependency, so
// its types cannot be those that Zod infers; `--check` fails when the file is not what the contracts say.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { CLIENT_TYPES, clientEvents } from "./client-types/contracts.ts";
import { type JsonSchema, printEvents, printTypes } from "./client-types/print.ts";

const FILE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../packages/client/src/types.ts");
const HEAD = `// Written by \`npm run client:types\` from lib/contracts. Do not edit.
`;

/** Each schema as JSON Schema, as it is sent (input) or received (output); the named ones refer to each other by name. */
function schemas(): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  for (const io of ["input", "output"] as const) {
    const registry = z.registry<{ id?: string }>();
    for (const [id, entry] of Object.entries(CLIENT_TYPES)) if (entry.io === io) registry.add(entry.schema, { id });
    const options = { io, unrepresentable: "any", uri: (id: string) => `#/${id}` } as const;
    Object.assign(found, z.toJSONSchema(registry, options).schemas);
  }
  return Object.fromEntries(Object.keys(CLIENT_TYPES).map((name) => [name, found[name] ?? {}]));
}

const text = HEAD + printTypes(schemas()) + printEvents(clientEvents());
if (!process.argv.includes("--check")) writeFileSync(FILE, text);
else if (readFileSync(FILE, "utf8") !== text) {
  console.error("packages/client/src/types.ts is not what lib/contracts says: run npm run client:types");
  process.exitCode = 1;
}
