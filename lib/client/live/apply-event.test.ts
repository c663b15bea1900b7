import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { applyEvent } from "./apply-event.ts";

it("keeps at most 500 news for an answer that is under way, the newest", async () => {
  const client = new QueryClient();
  const queryKey = ["list"];
  let answer: (list: number[]) => void = () => undefined;
  const queryFn = () =>
    new Promise<number[]>((resolve) => {
      answer = resolve;
    });
  const asked = client.fetchQuery({ queryKey, queryFn });
  for (let news = 0; news < 620; news++) applyEvent<number[]>(client, queryKey, (list) => [...list, news]);
  answer([]);
  await asked;
  await new Promise((resolve) => setImmediate(resolve));
  const list = client.getQueryData<number[]>(queryKey) ?? [];
  expect([list.length, list[0], list.at(-1)]).toEqual([500, 120, 619]);
});
