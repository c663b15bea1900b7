import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { TestServer } from "./server.ts";

/** An agent: the SDK's own client, signed in with a key. */
export async function connectAgent(
  server: Pick<TestServer, "url">,
  key: string,
  headers: Record<string, string> = {},
): Promise<Client> {
  const client = new Client({ name: "a test", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}`, ...headers } },
  });
  // Its session id may be undefined, which its own interface does not say.
  await client.connect(transport as Transport);
  return client;
}

/** On a busy machine the embedding model may take longer to start than a client waits. */
export const PATIENT = { timeout: 300_000 };

export const call = (client: Client, name: string, input: object = {}): Promise<CallToolResult> =>
  client.callTool({ name, arguments: input as Record<string, unknown> }, undefined, PATIENT) as Promise<CallToolResult>;

/** The data of a call that went well; a failure is told with its problem. */
export function dataOf({ isError, content, structuredContent }: CallToolResult): unknown {
  if (isError !== true && structuredContent !== undefined) return structuredContent;
  throw new Error(`no data: ${JSON.stringify(content).slice(0, 500)}`);
}

interface ToolProblem {
  code: string;
  status: number;
  detail: string;
  requestId: string;
  errors?: { path: string; message: string }[];
}

/** The problem of a call that failed. */
export function problemOf({ isError, content, structuredContent }: CallToolResult): ToolProblem {
  const [part] = content;
  if (isError !== true || structuredContent !== undefined || part?.type !== "text")
    throw new Error(`no problem: ${JSON.stringify(content).slice(0, 500)}`);
  return JSON.parse(part.text) as ToolProblem;
}
