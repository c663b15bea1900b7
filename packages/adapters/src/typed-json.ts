import { Buffer } from "node:buffer";

/** Marks what JSON has no form for; an object that has a member of this name is wrapped, so it comes back as it was. */
const TAG = "$headroom";

/** JSON of a value with bytes, dates, URLs and regular expressions in it. What is not data (functions) is left out. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, plain: unknown) {
    // `plain` has gone through toJSON already; what was there is in the holder.
    const own = this[name];
    if (own instanceof Uint8Array) return { [TAG]: "bytes", value: Buffer.from(own).toString("base64") };
    if (own instanceof ArrayBuffer) return { [TAG]: "buffer", value: Buffer.from(own).toString("base64") };
    if (own instanceof Date) return { [TAG]: "date", value: Number.isNaN(own.getTime()) ? null : own.getTime() };
    if (own instanceof URL) return { [TAG]: "url", value: own.href };
    if (own instanceof RegExp) return { [TAG]: "regexp", value: own.source, flags: own.flags };
    if (isObject(plain) && Object.hasOwn(plain, TAG) && !isWrapped(this, name))
      return { [TAG]: "object", value: plain };
    return plain;
  });
}

/** The value that `stringify` was given. */
export function parse(text: string): unknown {
  return unwrap(JSON.parse(text));
}

/** The object inside of a wrapper is not wrapped again. */
const isWrapped = (holder: Record<string, unknown>, name: string): boolean =>
  name === "value" && holder[TAG] === "object" && Object.keys(holder).length === 2;

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (!isObject(value)) return value;
  switch (value[TAG]) {
    case "bytes":
      return new Uint8Array(Buffer.from(String(value.value), "base64"));
    case "buffer":
      return new Uint8Array(Buffer.from(String(value.value), "base64")).buffer;
    case "date":
      return new Date(value.value === null ? Number.NaN : Number(value.value));
    case "url":
      return new URL(String(value.value));
    case "regexp":
      return new RegExp(String(value.value), String(value.flags));
    case "object":
      return members(value.value as Record<string, unknown>);
    default:
      return members(value);
  }
}

function members(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unwrap(member)]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
