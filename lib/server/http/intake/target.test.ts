import { describe, expect, it } from "vitest";
import { checkTarget, givenTwice } from "./target.ts";

const codeOf = (method: string, target: string): string => {
  try {
    checkTarget(method, target);
    return "ok";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("checkTarget", () => {
  it.each([
    ["GET", "/api/v1/cache/a%2Fb", "ok"],
    ["GET", "/api/v1/cache/%E4%BD%A0?prefix=%2e%2e", "ok"],
    ["GET", "/api/v1/cache/..a", "ok"],
    ["GET", "/", "ok"],
    ["GET", "/api/v1/cache/%E9", "malformed-request"],
    ["GET", "/api/v1/cache/%", "malformed-request"],
    ["GET", "/%E9", "malformed-request"],
    ["GET", "/api/v1/cache?prefix=%E9", "malformed-request"],
    ["GET", "/api/v1/cache/../keys", "malformed-request"],
    ["GET", "/api/v1/cache/%2e%2E", "malformed-request"],
    ["GET", "/_next\\..\\x", "malformed-request"],
    ["GET", "http://elsewhere/api/v1/keys", "malformed-request"],
    ["OPTIONS", "*", "malformed-request"],
    ["GET", "/api//v1/keys", "not-found"],
    ["GET", "/monitoring/memory/", "not-found"],
    ["GET", "/_next/image?url=%2Ficon.svg&w=64&q=75", "not-found"],
    ["GET", "/_next/%69mage?url=%2Ficon.svg&w=64&q=75", "not-found"],
    ["GET", "/_next/images", "ok"],
    ["TRACE", "/", "method-not-allowed"],
    ["TRACE", "/api/v1/keys", "method-not-allowed"],
    ["POST", "/", "method-not-allowed"],
  ])("%s %s: %s", (method, target, code) => {
    expect(codeOf(method, target)).toBe(code);
  });
});

describe("givenTwice", () => {
  it("R14: refuses a second header of those that say who asks whom, however they are written, and no other", () => {
    expect(givenTwice(["Host", "a", "Accept", "x", "accept", "y", "Origin", "z"])).toBeNull();
    for (const name of ["Host", "AUTHORIZATION", "content-type", "Origin"])
      expect(givenTwice([name, "a", "X-Other", "b", name.toLowerCase(), "a"])).toMatchObject({
        code: "malformed-request",
        errors: [{ path: `header.${name.toLowerCase()}` }],
      });
  });
});
