import { describe, expect, it } from "vitest";
import type { SharedFollower, SharedResponse, SharedResponses } from "../../ports/shared-responses.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { NearCopies } from "./near-copies.ts";
import { MOST_PENDING_USES, PendingUses, USE_BYTES } from "./pending-uses.ts";
import { ResponseCache } from "./response-cache.ts";

const response = (version: number): SharedResponse => ({
  version,
  bytes: Buffer.from(`version ${version}`),
  encoding: "identity",
  etag: `"${version}"`,
  identityTag: `"${version}"`,
  identityBytes: 9,
  mediaType: "text/plain",
  tags: "",
  meta: "",
  ageMs: 0,
  freshForMs: 60_000,
  mayBeStale: false,
  endsInMs: 60_000,
});

/** Copies of a place whose answers arrive when the test says so. */
function setUp() {
  const answers: ((found: SharedResponse | null) => void)[] = [];
  const place = {
    isCurrent: true,
    follow: (_: SharedFollower) => undefined,
    read: () => new Promise<SharedResponse | null>((resolve) => answers.push(resolve)),
  };
  const near = new ResponseCache({
    decoders: new TestAccount(),
    maxItems: 50,
    maxBytes: 4_000_000,
    ttlMs: 300_000,
    policy: "lru",
    maxBodyBytes: 1_000_000,
    createYielder: () => ({ spent: false, yield: () => Promise.resolve() }),
    clock: new FakeClock(),
    account: new TestAccount(),
  });
  // One cast: of the place, copies only ask what is above.
  const copies = new NearCopies(near, place as unknown as SharedResponses);
  const held = async () => {
    const found = await copies.find({ namespace: "n", key: "k", accepts: [] });
    return found?.etag ?? "miss";
  };
  return { place, near, copies, answers, held };
}

describe("copies of shared responses", () => {
  it("are held when they were read, and asked for once by all who want them at once", async () => {
    const { copies, answers, held } = setUp();
    const reads = [copies.read("n", "k"), copies.read("n", "k")];
    expect(answers).toHaveLength(1);
    answers[0]?.(response(1));
    expect((await Promise.all(reads)).map((found) => found?.version)).toEqual([1, 1]);
    expect([await held(), copies.underWay]).toEqual(['"1"', 0]);
  });

  it("are not held when news of a newer version, of a removal or of a cut overtake the answer", async () => {
    for (const news of [
      (follower: SharedFollower) => follower.changed("n", "k", 2),
      (follower: SharedFollower) => follower.gone("n", "k"),
      (follower: SharedFollower) => follower.lost(),
    ]) {
      const { copies, answers, held } = setUp();
      const read = copies.read("n", "k");
      news(copies);
      answers[0]?.(response(1));
      expect((await read)?.version).toBe(1);
      expect(await held()).toBe("miss");
      // Who asks after the news gets an answer from after them.
      const again = copies.read("n", "k");
      answers[1]?.(response(2));
      await again;
      expect(await held()).toBe('"2"');
    }
  });

  it("stay when their own version is told late, and go with a newer one", async () => {
    const { copies, answers, held } = setUp();
    const read = copies.read("n", "k");
    copies.changed("n", "k", 5);
    answers[0]?.(response(5));
    await read;
    copies.changed("n", "k", 5);
    expect(await held()).toBe('"5"');
    copies.changed("n", "k", 6);
    expect(await held()).toBe("miss");
  });

  it("answer nothing while news are late, and are all dropped after a cut", async () => {
    const { copies, place, answers, held } = setUp();
    const read = copies.read("n", "k");
    answers[0]?.(response(1));
    await read;
    place.isCurrent = false;
    expect(await held()).toBe("miss");
    place.isCurrent = true;
    expect(await held()).toBe('"1"');
    copies.lost();
    expect(copies.isUsable).toBe(false);
    await expect.poll(() => copies.isUsable).toBe(true);
    expect(await held()).toBe("miss");
  });
});

describe("uses that are not told yet", () => {
  it("are of a bounded number of keys, and each is paid for until it is told", () => {
    const account = new TestAccount();
    const uses = new PendingUses(account);
    for (let n = 0; n < 2 * MOST_PENDING_USES; n++) uses.note(`n k${n}`, "n", `k${n}`, n);
    uses.note("n k0", "n", "k0", 9_000);
    expect(account.grantedBytes).toBe(MOST_PENDING_USES * USE_BYTES);
    const told = uses.take(10_000);
    expect(told).toHaveLength(MOST_PENDING_USES);
    expect(told[0]).toEqual({ namespace: "n", key: "k0", hits: 2, unusedMs: 1_000 });
    expect(account.grantedBytes).toBe(0);
    account.throttled = true;
    uses.note("n k", "n", "k", 0);
    expect(uses.take(0)).toEqual([]);
  });
});
