import { expect, it } from "vitest";
import { AppError } from "../../../shared/errors.ts";
import { toProblem } from "./problem.ts";

const headersOf = (error: unknown) => toProblem(error, "id").headers;

it("the wait that an error states becomes Retry-After, and every 401 says how to sign in", () => {
  expect(headersOf(new AppError("overloaded", "Later.", { retryAfterSeconds: 7 }))).toEqual({ "Retry-After": "7" });
  expect(headersOf(new AppError("unauthenticated", "Who?"))).toEqual({
    "WWW-Authenticate": 'Bearer realm="headroom"',
  });
  const refused = new AppError("overloaded", "Later.", { retryAfterSeconds: 0, headers: { Allow: "GET" } });
  expect(headersOf(refused)).toEqual({ "Retry-After": "0", Allow: "GET" });
  expect(headersOf(new Error("x"))).toEqual({});
});
