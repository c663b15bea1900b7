/** The part of JSON Schema that Zod writes. */
export interface JsonSchema {
  [keyword: string]: unknown;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  description?: string;
}

const NAME = /^[A-Za-z_$][\w$]*$/;

/** TypeScript declarations, one for each schema, formatted as the repository's formatter would. */
export function printTypes(schemas: Record<string, JsonSchema>): string {
  const parts = Object.entries(schemas).map(([name, schema]) => {
    const body = isPlainObject(schema)
      ? `interface ${name} ${print(schema, "")}\n`
      : `type ${name} = ${print(schema, "")};\n`;
    return `\n${comment(schema.description, "")}export ${body}`;
  });
  return parts.join("");
}

/** The map of events that `Socket` of socket.io-client takes as its first type argument. */
export function printEvents(events: readonly (readonly [event: string, type: string])[]): string {
  const lines = events.map(([event, type]) => `  ${JSON.stringify(event)}: (payload: ${type}) => void;\n`);
  return `
/** Every event of the socket. \`const socket: Socket<ServerToClientEvents, Record<string, never>> = io(…)\` */
export interface ServerToClientEvents {
${lines.join("")}}
`;
}

const isPlainObject = ({ type, properties, anyOf, oneOf, allOf, $ref }: JsonSchema): boolean =>
  type === "object" && properties !== undefined && !anyOf && !oneOf && !allOf && !$ref;

function print(schema: JsonSchema | boolean, indent: string): string {
  if (typeof schema === "boolean") return "unknown";
  // Zod's own definitions stand for any JSON: recursive, and told as unknown.
  if (schema.$ref !== undefined) return schema.$ref.includes("#/$defs/") ? "unknown" : schema.$ref.slice(2);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return union(either.map((one) => print(one, indent)));
  if (schema.allOf) return schema.allOf.map((one) => group(print(one, indent))).join(" & ");
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => print({ ...schema, type }, indent)));
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return list(schema, indent);
    case "object":
      return object(schema, indent);
    default:
      return "unknown";
  }
}

function list({ items, prefixItems }: JsonSchema, indent: string): string {
  if (prefixItems) return `[${prefixItems.map((item) => print(item, indent)).join(", ")}]`;
  return `${group(print(items ?? {}, indent))}[]`;
}

function object(schema: JsonSchema, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const names = Object.keys(properties);
  if (names.length === 0) return `Record<string, ${print(additionalProperties || {}, indent)}>`;
  const inner = `${indent}  `;
  const lines = names.map((name) => {
    const property = properties[name] ?? {};
    const key = NAME.test(name) ? name : JSON.stringify(name);
    const type = print(property, inner);
    const field = required.includes(name)
      ? `${key}: ${type}`
      : `${key}?: ${type === "unknown" ? type : `${type} | undefined`}`;
    return `${comment(property.description, inner)}${inner}${field};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

const union = (types: string[]): string => {
  const each = [...new Set(types)];
  return each.includes("unknown") ? "unknown" : each.join(" | ");
};
const group = (type: string): string => (/[|&]/.test(type) && !type.startsWith("{") ? `(${type})` : type);

const comment = (text: string | undefined, indent: string): string =>
  text === undefined ? "" : `${indent}/** ${text.replaceAll("*/", "*\\/")} */\n`;
