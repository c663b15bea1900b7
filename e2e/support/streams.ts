import { expect } from "@playwright/test";
import type { StreamJobView } from "../../lib/contracts/streams.ts";
import { OPERATOR_KEY, type TestServer } from "./server.ts";

export const PATH = "/api/v1/streams";

export function post(
  server: TestServer,
  query: string,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${server.url}${PATH}?${query}`, {
    method: "POST",
    headers: { authorization: `Bearer ${OPERATOR_KEY}`, ...headers },
    body,
  });
}

export function patch(
  server: TestServer,
  id: string,
  offset: number,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${server.url}${PATH}/${id}?wait=1`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${OPERATOR_KEY}`, "upload-offset": String(offset), ...headers },
    body,
  });
}

export const jobOf = async (response: Response): Promise<StreamJobView> => (await response.json()) as StreamJobView;

export async function problem(response: Response): Promise<[number, string]> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}
