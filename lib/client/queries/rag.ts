import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { conversationPageSchema, messagePageSchema } from "../../contracts/conversations.ts";
import { documentPageSchema, type RagQuery, ragAnswerSchema, ragStatusSchema } from "../../contracts/rag.ts";
import { call } from "../http.ts";

/** What the store holds and how its model does; asked again every 5 s, since no event tells it. */
export const ragStatusQuery = queryOptions({
  queryKey: ["rag", "status"],
  queryFn: ({ signal }) => call(ragStatusSchema, "/api/v1/rag/status", { signal }),
  refetchInterval: 5_000,
});

export const documentsQuery = infiniteQueryOptions({
  queryKey: ["rag", "documents"],
  queryFn: ({ pageParam, signal }) =>
    call(documentPageSchema, "/api/v1/rag/documents", { query: { limit: 100, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.nextCursor,
});

export const conversationsQuery = infiniteQueryOptions({
  queryKey: ["rag", "conversations"],
  queryFn: ({ pageParam, signal }) =>
    call(conversationPageSchema, "/api/v1/conversations", { query: { limit: 100, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.nextCursor,
});

export const messagesQuery = (conversationId: string) =>
  infiniteQueryOptions({
    queryKey: ["rag", "conversations", conversationId],
    queryFn: ({ pageParam, signal }) =>
      call(messagePageSchema, `/api/v1/conversations/${encodeURIComponent(conversationId)}/messages`, {
        query: { limit: 200, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });

export function askDocuments(query: RagQuery) {
  return call(ragAnswerSchema, "/api/v1/rag/query", { method: "POST", body: query });
}
