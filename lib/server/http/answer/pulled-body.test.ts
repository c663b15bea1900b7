import { expect, it } from "vitest";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { pulledBody, UNREAD_MS } from "./pulled-body.ts";

function setUp(chunks: number) {
  const clock = new FakeClock();
  const seen = { made: 0, done: 0, ended: 0 };
  async function* make() {
    try {
      for (; seen.made < chunks; seen.made++) yield Uint8Array.of(seen.made);
    } finally {
      seen.ended++;
    }
  }
  const body = pulledBody(make(), { clock, done: () => seen.done++ });
  return { clock, seen, reader: body.getReader() };
}

it("makes no more than its reader takes, and is done once at the end", async () => {
  const { seen, reader, clock } = setUp(3);
  expect(seen.made).toBe(0);
  for (const value of [0, 1, 2]) {
    expect((await reader.read()).value).toEqual(Uint8Array.of(value));
    clock.advance(UNREAD_MS - 1);
  }
  expect((await reader.read()).done).toBe(true);
  clock.advance(UNREAD_MS);
  expect(seen).toEqual({ made: 3, done: 1, ended: 1 });
});

it("R5: gives its place back when its reader takes nothing for a minute, and when it goes away", async () => {
  const idle = setUp(3);
  await idle.reader.read();
  idle.clock.advance(UNREAD_MS);
  await expect(idle.reader.read()).rejects.toMatchObject({ code: "request-timeout" });
  expect(idle.seen).toMatchObject({ done: 1, ended: 1 });

  const never = setUp(3);
  never.clock.advance(UNREAD_MS);
  expect(never.seen).toMatchObject({ made: 0, done: 1 });

  const gone = setUp(3);
  await gone.reader.read();
  await gone.reader.cancel();
  gone.clock.advance(UNREAD_MS);
  expect(gone.seen).toMatchObject({ done: 1, ended: 1 });
});
