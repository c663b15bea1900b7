#!/usr/bin/env bash
# orval: a request body without `required` becomes a required argument, and a body that says `required: false` comes after the parameters.
# By OpenAPI 3.1 the two descriptions mean the same, since `required` is false where it is left out. One would expect the same function from both.
# So a server that begins to say what was true all along changes the order of the arguments in clients that are generated again: say `required` from the start.
# Version: orval 7.13.2.
# Output seen: {"absent":["uploadBody: Blob","params: UploadParams"],"false":["params: UploadParams","uploadBody?: Blob"],"true":["uploadBody: Blob","params: UploadParams"]}
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts orval@7.13.2

cat >describe.mjs <<'EOF'
import { writeFileSync } from "node:fs";

const described = (required) => ({
  openapi: "3.1.0",
  info: { title: "files", version: "1" },
  paths: {
    "/files": {
      post: {
        operationId: "upload",
        parameters: [{ name: "format", in: "query", required: true, schema: { type: "string" } }],
        requestBody: {
          ...(required === undefined ? {} : { required }),
          content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
        },
        responses: { 204: { description: "stored" } },
      },
    },
  },
});
for (const [name, required] of Object.entries({ absent: undefined, false: false, true: true }))
  writeFileSync(`${name}.json`, JSON.stringify(described(required)));
EOF
node describe.mjs
for name in absent false true; do npx orval --input "./$name.json" --output "./$name.ts" --client fetch >/dev/null; done

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";

const argumentsOf = (name) => {
  const [, list] = /export const upload = async \(([^)]*)\)/.exec(readFileSync(`${name}.ts`, "utf8"));
  return list.split(",").map((each) => each.trim()).filter((each) => !each.startsWith("options"));
};
const seen = Object.fromEntries(["absent", "false", "true"].map((name) => [name, argumentsOf(name)]));
console.log(JSON.stringify(seen));
deepStrictEqual(seen, {
  absent: ["uploadBody: Blob", "params: UploadParams"],
  false: ["params: UploadParams", "uploadBody?: Blob"],
  true: ["uploadBody: Blob", "params: UploadParams"],
});
EOF
node check.mjs
