import { readdirSync, readFileSync } from "node:fs";
import { expect } from "@playwright/test";
import type { TestServer } from "./server.ts";

/** The same process answers `/livez`, and has reported no fault of its own. */
export async function expectAlive(server: TestServer): Promise<void> {
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  expect(server.process.exitCode).toBeNull();
  expect(server.output).not.toMatch(/"level":"error"|unhandled|UnhandledPromiseRejection/i);
}

/** A problem with the status, the header's request id, and nothing of the inside. @returns its code. */
export async function expectProblem(response: Response, status: number): Promise<string> {
  const text = await response.text();
  expect([response.status, text.slice(0, 400)]).toEqual([status, expect.anything()]);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const problem = JSON.parse(text) as { status: number; code: string; requestId: string };
  expect(problem.status).toBe(status);
  expect(problem.requestId).toBe(response.headers.get("x-request-id"));
  expect(text).not.toMatch(/node_modules|\bat \w+ \(|\/lib\/|\/tmp\/|SQLITE_/);
  return problem.code;
}

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

export function rssBytes(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}

/** CPU time that a process has used, in milliseconds: what other work on the machine does not change. */
export function cpuMs(pid: number): number {
  // After the name in brackets, which may hold anything: the 12th and 13th fields are user and system time, in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
