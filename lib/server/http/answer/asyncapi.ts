import project from "../../../../package.json" with { type: "json" };
import { EVENT_AUDIENCE, EVENT_PAYLOADS, type ServerEvents } from "../../../contracts/events.ts";
import { OpenApiSchemas } from "./openapi-schemas.ts";

type Json = Record<string, unknown>;
type Name = keyof ServerEvents;

const NAMES = Object.keys(EVENT_PAYLOADS) as Name[];
/** Keys of an AsyncAPI document have no colon. */
const keyOf = (name: Name): string => name.replaceAll(":", "-");
const CHANNEL = { $ref: "#/channels/monitoring" };

/** The AsyncAPI 3.0 document of the socket's events, generated from the schemas that type its emitters. */
export function createAsyncApi(): Json {
  const schemas = new OpenApiSchemas();
  const messages = NAMES.map((name) => [keyOf(name), messageOf(name, schemas)] as const);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Headroom events",
      version: project.version,
      description:
        "What a Socket.IO 4 client hears at the path `/socket.io` in the namespace `/monitoring`. The server accepts no event. " +
        "Missed samples are fetched over HTTP, by `GET /monitoring/memory/history?afterSequence=`.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      headroom: {
        host: "{host}",
        pathname: "/socket.io",
        protocol: "ws",
        description: "The server that this document comes from; `wss` behind TLS",
        variables: { host: { default: "localhost:3000", description: "Its name and port" } },
        security: [{ $ref: "#/components/securitySchemes/key" }, { $ref: "#/components/securitySchemes/cookie" }],
      },
    },
    channels: {
      monitoring: {
        address: "/monitoring",
        title: "The Socket.IO namespace",
        messages: Object.fromEntries(messages.map(([key]) => [key, { $ref: `#/components/messages/${key}` }])),
      },
    },
    operations: Object.fromEntries(NAMES.map((name) => [`send-${keyOf(name)}`, operationOf(name)])),
    components: {
      messages: Object.fromEntries(messages),
      schemas: schemas.components,
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key, as `auth: { token: KEY }` or as a header" },
        cookie: { type: "httpApiKey", in: "cookie", name: "headroom", description: "The dashboard's sign-in" },
      },
    },
  };
}

function messageOf(name: Name, schemas: OpenApiSchemas): Json {
  return { name, title: name, summary: whenOf(name), payload: schemas.of(EVENT_PAYLOADS[name], "output") };
}

function operationOf(name: Name): Json {
  const operation = { action: "send", channel: CHANNEL, summary: whenOf(name) };
  const messages = [{ $ref: `#/channels/monitoring/messages/${keyOf(name)}` }];
  // Whoever had a sign-in hears its end: no role says so.
  if (name === "signed-out")
    return { ...operation, description: "Sign in again, or connect with another key.", messages };
  const { roles, namespaced, twin } = EVENT_AUDIENCE[name];
  const whose = namespaced ? " Only keys of its namespace, and operators." : "";
  return {
    ...operation,
    description: `The same over HTTP: \`GET ${twin}\`.${whose}`,
    "x-headroom-role": ["operator", ...roles],
    messages,
  };
}

/** As a sentence. */
function whenOf(name: Name): string {
  const when =
    name === "signed-out" ? "the key or sign-in of the socket has ended; it closes next" : EVENT_AUDIENCE[name].when;
  return `${when[0]?.toUpperCase()}${when.slice(1)}.`;
}
