import { agentMessageSchema } from "../../../contracts/agents.ts";
import { answerMessage } from "../../agents/answer-message.ts";
import { createTools } from "../../agents/tools.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

/** The door for agents: the Model Context Protocol, whose tools call the described routes. */
export function mcpRoutes(described: readonly Route[]): readonly Route[] {
  const tools = createTools(described);
  return [
    defineRoute(
      {
        method: "post",
        path: "/mcp",
        role: ["viewer", "consumer"],
        keyOnly: true,
        // Each tool is admitted as the routes that it calls: advice must be there under pressure too.
        growsMemory: false,
        tag: "agents",
        summary: "Send one message of the Model Context Protocol",
        body: agentMessageSchema,
        responses: {
          200: { description: "The JSON-RPC response" },
          202: { description: "The notification was taken" },
          400: { description: "A JSON-RPC error: the protocol's version or its envelope" },
          404: { description: "A JSON-RPC error: no such method" },
        },
      },
      async (context) => {
        const response = await answerMessage(tools, context.body, context);
        const text = await response.text();
        const mediaType = response.headers.get("content-type");
        return reply(response.status, text || undefined, mediaType ? { "Content-Type": mediaType } : undefined);
      },
    ),
  ];
}
