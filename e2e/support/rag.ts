import { expect } from "@playwright/test";
import type { TestServer } from "./server.ts";

export interface Ingested {
  id: string;
  chunks: number;
  checksum: string;
  embedded: number;
  reused: number;
}
export interface Match {
  chunkId: string;
  documentId: string;
  text: string;
  score: number;
  start: number;
  end: number;
  neighbors: { offset: number; text: string }[];
}
export interface Answer {
  matches: Match[];
  cached: boolean;
}

export const path = (id: string) => `/api/v1/rag/documents/${encodeURIComponent(id)}`;
export const inNamespace = (namespace: string) => ({ "x-namespace": namespace });
export const json = async <T>(response: Response) => (await response.json()) as T;
export const codeOf = async (response: Response) => [response.status, (await json<{ code: string }>(response)).code];

export async function ask(server: TestServer, body: object, namespace = "default"): Promise<Answer> {
  const response = await server.send("POST", "/api/v1/rag/query", body, inNamespace(namespace));
  expect(response.status).toBe(200);
  return json<Answer>(response);
}

/** A namespace of its own for each test. */
let made = 0;
export const fresh = () => `rag-${process.pid}-${++made}`;
