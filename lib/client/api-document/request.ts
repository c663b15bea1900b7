import type { Body, Operation, Parameter } from "./document.ts";

/** What a reader has filled in for one operation. */
export interface Draft {
  /** By `in` and name, such as `query limit`; an empty value is left out. */
  values: Readonly<Record<string, string>>;
  body: string;
  /** Sent in the place of `body`, where one is chosen. */
  file: Blob | null;
  mediaType: string;
}

export interface DraftedRequest {
  method: string;
  /** With its query. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** Null where the operation takes none, or it is left out. */
  body: string | Blob | null;
  /** The body is bytes of a file, which a command names: `body` has it, or is empty while none is chosen. */
  takesFile: boolean;
}

export const slotOf = ({ in: place, name }: Pick<Parameter, "in" | "name">): string => `${place} ${name}`;

/** Each required parameter and the body as in the description's example. */
export function firstDraft({ parameters, body }: Operation): Draft {
  const given = parameters
    .filter(({ required, example }) => required && example !== undefined)
    .map((parameter) => [slotOf(parameter), wordOf(parameter.example)] as const);
  const [mediaType = "", content] = Object.entries(body?.content ?? {})[0] ?? [];
  const example = content?.example;
  return {
    values: Object.fromEntries(given),
    mediaType,
    file: null,
    body: example === undefined ? "" : JSON.stringify(example, null, 2),
  };
}

const wordOf = (example: unknown): string => (typeof example === "string" ? example : JSON.stringify(example));

/** What stands in the way of sending a draft, by slot. */
export function faultsOf({ parameters, body }: Operation, draft: Draft): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const parameter of parameters) {
    const value = draft.values[slotOf(parameter)] ?? "";
    if (value === "" && parameter.required) faults[slotOf(parameter)] = "Fill this in: the request needs it.";
    // Even escaped, a browser would resolve them, and the request would go to another path.
    if (parameter.in === "path" && (value === "." || value === ".."))
      faults[slotOf(parameter)] = "A path segment must not be . or ..";
    if (parameter.in === "header" && /[^\t\x20-\x7e]/.test(value))
      faults[slotOf(parameter)] = "A header takes printable ASCII characters.";
  }
  if (body?.required && draft.body === "" && !takesBytes(body)) faults.body = "Write a body: the request needs it.";
  return faults;
}

/** Whether a body is taken as it is, of whatever type: then it may be a file, and may be empty. */
export const takesBytes = (body: Body | null): boolean =>
  Object.values(body?.content ?? {}).some(({ schema }) => schema.format === "binary");

export function requestOf({ method, path, parameters, body }: Operation, draft: Draft): DraftedRequest {
  const of = (place: Parameter["in"]) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map((parameter) => [parameter.name, draft.values[slotOf(parameter)] ?? ""] as const)
      .filter(([, value]) => value !== "");
  const segments = new Map(of("path"));
  const filled = path.replaceAll(/\{(\w+)\}/g, (slot, name: string) => {
    const value = segments.get(name);
    return value === undefined ? slot : encodeURIComponent(value);
  });
  const query = of("query").map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  // A command that sends nothing would store nothing in the place of what is there, so it names a file.
  const takesFile = takesBytes(body) && (draft.file !== null || draft.body === "");
  const hasBody = takesFile || (body !== null && (draft.body !== "" || body.required));
  return {
    method,
    target: query.length === 0 ? filled : `${filled}?${query.join("&")}`,
    headers: [...of("header"), ...(hasBody ? [["Content-Type", draft.mediaType] as const] : [])],
    body: hasBody ? (draft.file ?? draft.body) : null,
    takesFile,
  };
}

/** Whether an operation needs no key: then none is sent. */
export const isPublic = ({ roles }: Operation): boolean => roles.includes("none");

/** The request as a command for a POSIX shell, with the key in `$HEADROOM_KEY`. */
export function curlOf(operation: Operation, draft: Draft, origin: string): string {
  const { method, target, headers, body, takesFile } = requestOf(operation, draft);
  const url = quoted(origin + target);
  const parts = [
    ...(method === "GET" ? [`curl ${url}`] : [`curl ${method === "HEAD" ? "--head" : `-X ${method}`}`, url]),
    ...(isPublic(operation) ? [] : [`-H "Authorization: Bearer $HEADROOM_KEY"`]),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(takesFile ? ["--data-binary @file"] : []),
    // As --data-binary, but a text that begins with @ is no file's name.
    ...(!takesFile && typeof body === "string" ? [`--data-raw ${quoted(body)}`] : []),
  ];
  return parts.join(" \\\n  ");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
