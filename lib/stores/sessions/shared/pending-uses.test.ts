import { expect, it } from "vitest";
import type { SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import { MOST_PENDING, MOST_USE_BYTES, PendingUses } from "./pending-uses.ts";

/** Uses that are on their way until the test lets them arrive. */
function open() {
  const sent: string[][] = [];
  const arrivals: (() => void)[] = [];
  const uses: SharedSessionRows["uses"] = (told) => {
    sent.push(told.map(({ key }) => key));
    return new Promise((resolve) => arrivals.push(resolve));
  };
  const account = new TestAccount();
  const clock = new FakeClock();
  // One cast: nothing else of the rows is used.
  const pending = new PendingUses({ rows: { uses } as SharedSessionRows, account, clock });
  return { pending, account, clock, sent, arrive: () => arrivals.shift()?.() };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("tells each use that was pending once, however often sessions are used meanwhile", async () => {
  const { pending, account, clock, sent, arrive } = open();
  const keys = Array.from({ length: 1_200 }, (_, n) => `k${n}`);
  for (const key of keys) pending.add(key);
  let isTold = false;
  const told = pending.flush().then(() => {
    isTold = true;
  });
  for (let round = 0; round < 3; round++) {
    clock.advance(1);
    for (const key of keys) pending.add(key);
    arrive();
    await turn();
  }
  expect(isTold).toBe(true);
  await told;
  expect(sent.flat()).toEqual(keys);
  expect([pending.size, account.grantedBytes]).toEqual([1_200, 1_200 * 256]);
});

it("tells whoever asks while uses are on their way only after those that came before are told", async () => {
  const { pending, account, sent, arrive } = open();
  pending.add("a");
  const first = pending.flush();
  pending.add("b");
  const second = pending.flush();
  arrive();
  await first;
  await turn();
  expect(sent).toEqual([["a"], ["b"]]);
  arrive();
  await second;
  expect([pending.size, account.grantedBytes]).toEqual([0, 0]);
});

it("tells the use of one session without those of others", async () => {
  const { pending, sent, arrive } = open();
  for (const key of ["a", "b"]) pending.add(key);
  const told = pending.tell("b");
  await pending.tell("c");
  arrive();
  await told;
  expect([sent, pending.size]).toEqual([[["b"]], 1]);
});

it("holds uses of 20,000 sessions at most, refuses others, and takes them once some are told", async () => {
  const { pending, account, arrive } = open();
  for (let n = 0; n < MOST_PENDING; n++) expect(pending.add(`k${n}`)).toBe(true);
  expect([pending.add("other"), pending.add("k0")]).toEqual([false, true]);
  expect([pending.size, account.grantedBytes]).toEqual([MOST_PENDING, MOST_USE_BYTES]);
  const told = pending.tell("k1");
  arrive();
  await told;
  expect(pending.add("other")).toBe(true);
  expect(account.grantedBytes).toBe(MOST_USE_BYTES);
});
