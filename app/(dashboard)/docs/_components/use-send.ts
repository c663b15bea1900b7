"use client";

import { useEffect, useRef, useState } from "react";
import type { Operation } from "../../../../lib/client/api-document/document.ts";
import { type Draft, isPublic, requestOf } from "../../../../lib/client/api-document/request.ts";
import { readSome } from "../../../../lib/client/read-some.ts";
import { useKey } from "./key-context.tsx";

/** Maximum bytes of an answer that are fetched: exports and profiles may be as large as the disk. */
const MOST_BYTES = 64 * 1024;

export type Sent =
  | {
      kind: "answered";
      status: number;
      statusText: string;
      tookMs: number;
      mediaType: string;
      bytes: Uint8Array;
      cut: boolean;
    }
  | { kind: "failed"; message: string };

/** Sends drafts of one operation, one at a time, and holds the last answer. */
export function useSend(operation: Operation) {
  const { me, key } = useKey();
  const [sent, setSent] = useState<Sent | null>(null);
  const [busy, setBusy] = useState(false);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);

  async function send(draft: Draft): Promise<void> {
    const controller = new AbortController();
    leaving.current = controller;
    setBusy(true);
    const authorization = me === null && key !== "" && !isPublic(operation) ? key : null;
    const answer = await exchange(operation, draft, authorization, controller.signal);
    if (controller.signal.aborted) return;
    setSent(answer);
    setBusy(false);
  }
  return { sent, busy, send };
}

async function exchange(operation: Operation, draft: Draft, key: string | null, signal: AbortSignal): Promise<Sent> {
  const { method, target, headers, body } = requestOf(operation, draft);
  const startedAtMs = performance.now();
  try {
    const response = await fetch(target, {
      method,
      signal,
      // On a write, a browser would send it as a header, and a response that is put would not be stored.
      cache: method === "GET" ? "no-store" : "default",
      headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...keyHeader(key)],
      body,
    });
    const { bytes, cut } = await readSome(response, MOST_BYTES);
    return {
      kind: "answered",
      status: response.status,
      statusText: response.statusText,
      tookMs: Math.round(performance.now() - startedAtMs),
      mediaType: response.headers.get("content-type") ?? "",
      bytes,
      cut,
    };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : "The request failed." };
  }
}

const keyHeader = (key: string | null): [string, string][] =>
  key === null ? [] : [["Authorization", `Bearer ${key}`]];
