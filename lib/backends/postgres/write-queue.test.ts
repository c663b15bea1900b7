import { expect, it } from "vitest";
import type { Changes } from "../../ports/database.ts";
import { MAX_GROUP_BYTES, MAX_GROUP_CALLERS, MAX_WAITING, MAX_WAITING_BYTES, WriteQueue } from "./write-queue.ts";

const ONE = [{ text: "one", values: [] }];
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose commits end when the test says so. */
function open() {
  const commits: number[] = [];
  const ends: (() => void)[] = [];
  const queue = new WriteQueue((statements) => {
    commits.push(statements.length);
    return new Promise<Changes[]>((resolve) => ends.push(() => resolve(statements.map(() => 1))));
  });
  return { queue, commits, end: () => ends.shift()?.() };
}

it("refuses who comes while 32,768 callers wait, and takes others once some are written", async () => {
  const { queue, commits, end } = open();
  const first = queue.write(ONE, 1);
  await turn();
  for (let n = 0; n < MAX_WAITING; n++) void queue.write(ONE, 1);
  expect(() => queue.write(ONE, 1)).toThrow(expect.objectContaining({ code: "overloaded", retryAfterSeconds: 1 }));
  end();
  expect(await first).toEqual([1]);
  await turn();
  expect(commits).toEqual([1, MAX_GROUP_CALLERS]);
  for (let n = 0; n < MAX_GROUP_CALLERS; n++) void queue.write(ONE, 1);
  expect(() => queue.write(ONE, 1)).toThrow(expect.objectContaining({ code: "overloaded" }));
});

it("refuses who would make more than 64 MiB wait, but for one that is larger by itself", async () => {
  const { queue, end } = open();
  const first = queue.write(ONE, 2 * MAX_WAITING_BYTES);
  expect(() => queue.write(ONE, 1)).toThrow(expect.objectContaining({ code: "overloaded" }));
  await turn();
  const second = queue.write(ONE, MAX_WAITING_BYTES);
  expect(() => queue.write(ONE, 1)).toThrow(expect.objectContaining({ code: "overloaded" }));
  end();
  await first;
  await turn();
  end();
  expect(await second).toEqual([1]);
});

it("commits no more than 8 MiB together, but for one that is larger by itself", async () => {
  const { queue, commits, end } = open();
  const written = [MAX_GROUP_BYTES / 2, MAX_GROUP_BYTES / 2, 1, 2 * MAX_GROUP_BYTES, 1].map((bytes) =>
    queue.write(ONE, bytes),
  );
  for (let n = 0; n < 4; n++) {
    await turn();
    end();
  }
  expect(await Promise.all(written)).toEqual([[1], [1], [1], [1], [1]]);
  expect(commits).toEqual([2, 1, 1, 1]);
});
