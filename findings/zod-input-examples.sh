#!/usr/bin/env bash
# Zod drops the examples and the default of a schema that transforms when it writes JSON Schema of the input, and keeps its description.
# Query parameters arrive as text, so a schema of one transforms it: text in, number out. With io: "input" the
# description given by meta() is written, its examples are not. There is no warning, and no way to say that they are examples of the
# input. On a schema that transforms nothing both are kept.
# What follows: an API description made from such schemas has no example of just those parameters; give them apart.
# Versions: zod 4.6.7, Node 20.20.
# Output seen: {"plain":{"type":"string","description":"a count","examples":["7"]},"transforming":{"description":"a count","type":"string"}}
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund zod@4.6.7

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { z } from "zod";

const meta = { description: "a count", examples: ["7"] };
const written = (schema) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema.meta(meta), { io: "input" });
  return rest;
};
const seen = { plain: written(z.string()), transforming: written(z.string().transform(Number)) };
console.log(JSON.stringify(seen));
deepStrictEqual(seen, {
  plain: { type: "string", ...meta },
  transforming: { type: "string", description: meta.description },
});
EOF
node check.mjs
