import { expect, it, vi } from "vitest";
import { AppError } from "../../shared/errors.ts";
import type { Route, RouteContext } from "./define-route.ts";
import { runRoute } from "./run-route.ts";

it("tells the namespace's quota of every call that may have removed something, and of none that was refused by it", async () => {
  const mayKeepLess = vi.fn();
  const runtime = { quotas: { of: (namespace: string) => (namespace === "n" ? { mayKeepLess } : null) } };
  const told = async (method: string, namespace: string, handle: () => Promise<unknown>) => {
    mayKeepLess.mockClear();
    const asked = { runtime, namespace } as unknown as RouteContext<unknown, unknown, unknown>;
    await Promise.resolve(runRoute({ spec: { method }, handle } as unknown as Route, asked)).catch(() => undefined);
    return mayKeepLess.mock.calls.length;
  };
  const done = async () => 1;
  const fail = (error: Error) => () => Promise.reject(error);
  expect(await told("delete", "n", done)).toBe(1);
  expect(await told("post", "n", done)).toBe(1);
  expect(await told("delete", "n", fail(new Error("in the middle")))).toBe(1);
  expect(await told("put", "n", fail(new AppError("quota-exceeded", "full")))).toBe(0);
  expect(await told("get", "n", done)).toBe(0);
  expect(await told("delete", "other", done)).toBe(0);
});
