import type { Component } from "../../../lib/contracts/memory.ts";
import { componentColour } from "../../_components/charts/series.ts";

const LOOKS: Readonly<Record<string, { name: string; href: string; component: Component }>> = {
  sessions: { name: "Sessions", href: "/sessions", component: "sessions" },
  cache: { name: "Response cache", href: "/cache", component: "cache" },
  vectors: { name: "Vectors", href: "/vectors", component: "vectors" },
  rag: { name: "Documents", href: "/rag", component: "rag" },
  "message-index": { name: "Message index", href: "/rag", component: "rag" },
  "query-cache": { name: "Query cache", href: "/rag", component: "rag" },
  conversations: { name: "Conversations", href: "/rag", component: "rag" },
  embeddings: { name: "Embeddings", href: "/rag", component: "embeddings" },
  streams: { name: "Streams", href: "/streams", component: "streams" },
};

/** A store's name for a person, its page and its colour; one that is new here goes by its own name. */
export function storeLooks(store: string): { name: string; href: string | null; colour: string } {
  const looks = Object.hasOwn(LOOKS, store) ? LOOKS[store] : undefined;
  if (!looks) return { name: store, href: null, colour: "var(--accent)" };
  return { name: looks.name, href: looks.href, colour: componentColour(looks.component) };
}
