import { expect, it } from "vitest";
import { isOrigin } from "./cross-origin.ts";

it.each(["*", "null", "https://*.example.com", "https://app.example.com/", "app.example.com", "ftp://a.example", ""])(
  "takes no origin %j",
  (text) => expect(isOrigin(text)).toBe(false),
);

it.each([
  "https://app.example.com:443",
  "HTTPS://app.example.com",
  "https://u:p@app.example.com",
  "http://a.example?x",
])("takes no origin that a browser would send otherwise: %s", (text) => expect(isOrigin(text)).toBe(false));

it.each(["https://app.example.com", "http://localhost:5173", "http://[::1]:3000"])("takes the origin %s", (text) =>
  expect(isOrigin(text)).toBe(true),
);
