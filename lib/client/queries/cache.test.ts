import { afterEach, expect, it, vi } from "vitest";
import { ProblemError } from "../problem.ts";
import { previewBody } from "./cache.ts";

afterEach(() => vi.unstubAllGlobals());

/** Answers every request of the page in the same way. @returns what was asked for. */
function answering(make: () => Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (target: string, { method }: RequestInit) => {
    asked.push(`${method} ${target}`);
    return make();
  });
  return asked;
}

/** A body of 16 MiB. @returns it, and whether it is still read. */
function long(mediaType: string) {
  let isOpen = true;
  let left = 1024;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (left-- > 0) controller.enqueue(new TextEncoder().encode("abcd".repeat(4096)));
      else controller.close();
    },
    cancel: () => {
      isOpen = false;
    },
  });
  return { response: new Response(body, { headers: { "content-type": mediaType } }), isOpen: () => isOpen };
}

it("a preview takes no fill lease, and asks once, whether the entry is there or not", async () => {
  const there = answering(() => new Response("hello", { headers: { "content-type": "text/plain" } }));
  expect(await previewBody("default", "a/b")).toEqual({ text: "hello", cut: false });
  expect(there).toEqual(["GET /api/v1/cache/a%2Fb?lease=0"]);
  const gone = answering(() => Response.json({}, { status: 404, headers: { "x-fill-lease": "token" } }));
  await expect(previewBody("default", "a")).rejects.toThrow(ProblemError);
  expect(gone).toEqual(["GET /api/v1/cache/a?lease=0"]);
});

it("a preview fetches as much of a body as it shows, however long it is, and nothing of what is no text", async () => {
  const text = long("application/json");
  answering(() => text.response);
  expect(await previewBody("default", "a")).toEqual({ text: "abcd".repeat(16_384), cut: true });
  expect(text.isOpen()).toBe(false);
  const image = long("image/png");
  answering(() => image.response);
  expect(await previewBody("default", "a")).toBeNull();
  expect(image.isOpen()).toBe(false);
});
