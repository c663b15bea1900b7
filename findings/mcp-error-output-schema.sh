#!/usr/bin/env bash
# The MCP client checks the structured content of a tool's error against the schema of its success, and only after the tools were listed.
# A tool with an output schema may answer an error with isError and structured content, such as a code. Until the client
# has listed the tools, that result is handed over. Once it has, the same call throws -32602: the error does not match the
# schema of a good result. The code, and the text beside it, are lost. One would expect errors to be left out of the check.
# What follows: put a machine-readable error into the text of its content, not into structuredContent.
# Versions: @modelcontextprotocol/sdk 1.32.2 (server and client), zod 4.6.7, Node 20.20.
# Output seen: {"unlisted":{"code":"not-found"},"listed":"-32602","good":{"sum":2}}
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 zod@4.6.7

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

const text = (words) => [{ type: "text", text: words }];
const server = new McpServer({ name: "sums", version: "1.0.0" });
const shape = { inputSchema: { exists: z.boolean() }, outputSchema: { sum: z.number() } };
server.registerTool("add", shape, async ({ exists }) =>
  exists
    ? { structuredContent: { sum: 2 }, content: text("2") }
    : { isError: true, structuredContent: { code: "not-found" }, content: text("not-found") },
);
const [near, far] = InMemoryTransport.createLinkedPair();
await server.connect(far);
const client = new Client({ name: "caller", version: "1.0.0" });
await client.connect(near);

const call = (exists) =>
  client.callTool({ name: "add", arguments: { exists } }).then(
    ({ structuredContent }) => structuredContent,
    ({ code }) => String(code),
  );
const unlisted = await call(false);
await client.listTools();
const seen = { unlisted, listed: await call(false), good: await call(true) };
console.log(JSON.stringify(seen));
deepStrictEqual(seen, { unlisted: { code: "not-found" }, listed: "-32602", good: { sum: 2 } });
await client.close();
EOF
node check.mjs
