import { infiniteQueryOptions } from "@tanstack/react-query";
import { collectionsPage, pointSchema, recallSchema, searchAnswer } from "../../contracts/vectors.ts";
import { call } from "../http.ts";

const PATH = "/api/v1/collections";
const one = (name: string) => `${PATH}/${encodeURIComponent(name)}`;
const inNamespace = (namespace: string) => ({ "x-namespace": namespace });

/** Collections of a namespace by name, page by page; their figures move while they are used. */
export function collectionsQuery(namespace: string) {
  return infiniteQueryOptions({
    queryKey: ["collections", namespace],
    queryFn: ({ pageParam, signal }) =>
      call(collectionsPage, PATH, {
        query: { limit: 200, cursor: pageParam },
        headers: inNamespace(namespace),
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: 5_000,
  });
}

/** Measures recall@10 of the present tiers: it reads the whole collection, so only when asked. */
export function measureRecall(namespace: string, name: string, sample: number) {
  return call(recallSchema, `${one(name)}/recall`, { query: { sample }, headers: inNamespace(namespace) });
}

/** The neighbours of a point, itself left out. @throws {ProblemError} `not-found` when there is no such point. */
export async function neighboursOf(namespace: string, name: string, id: string, k: number) {
  const headers = inNamespace(namespace);
  const { vector } = await call(pointSchema, `${one(name)}/points/${encodeURIComponent(id)}`, { headers });
  const answer = await call(searchAnswer, `${one(name)}/search`, {
    method: "POST",
    body: { vector, k: k + 1 },
    headers,
  });
  return { ...answer, matches: answer.matches.filter((match) => match.id !== id).slice(0, k) };
}
