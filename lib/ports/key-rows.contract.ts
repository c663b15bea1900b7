import { beforeEach, describe, expect, it } from "vitest";
import type { KeyRow, KeyRows, SignInRow } from "./admin-rows.ts";

const keyOf = (id: string): KeyRow => ({
  id,
  namespace: "default",
  name: id,
  role: "viewer",
  hash: "00",
  createdAtMs: 1,
  expiresAtMs: null,
  ratePerMinute: null,
});
const signInOf = (tokenHash: string, keyId: string, createdAtMs = 1, expiresAtMs = 1_000): SignInRow => ({
  tokenHash,
  keyId,
  createdAtMs,
  expiresAtMs,
});

/** What every driver of KeyRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeKeyRows(
  name: string,
  fresh: () => Promise<{ rows: KeyRows; reopen: () => Promise<KeyRows> }>,
): void {
  describe(name, () => {
    let rows: KeyRows;
    let reopen: () => Promise<KeyRows>;
    const live = async () => {
      rows = await reopen();
      return (await rows.live()).map(({ id }) => id);
    };
    const hashes = async (nowMs = 0) => {
      rows = await reopen();
      return (await rows.signIns(nowMs)).map(({ tokenHash }) => tokenHash);
    };

    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("gives keys back as they were stored, and none that was revoked or made room", async () => {
      const key: KeyRow = { ...keyOf("a"), namespace: "n", role: "operator", hash: "ab", expiresAtMs: 77 };
      await rows.insert(key, []);
      expect(await rows.live()).toEqual([key]);
      await rows.insert(keyOf("b"), ["a", "unknown"]);
      expect(await live()).toEqual(["b"]);
      await rows.revoke("unknown", 5);
      await rows.revoke("b", 5);
      expect(await live()).toEqual([]);
    });

    it("changes a key in place, and ends its sign-ins only when asked to", async () => {
      await rows.insert(keyOf("a"), []);
      await rows.insert(keyOf("b"), []);
      await rows.insertSignIn(signInOf("of a", "a"), []);
      await rows.insertSignIn(signInOf("of b", "b", 2), []);
      const changed: KeyRow = { ...keyOf("a"), name: "é", hash: "cd", expiresAtMs: 99, ratePerMinute: 7 };
      await rows.update({ ...changed, expiresAtMs: null }, false);
      expect(await hashes()).toEqual(["of a", "of b"]);
      await rows.update(changed, true);
      await rows.update(keyOf("unknown"), true);
      expect(await hashes()).toEqual(["of b"]);
      expect(await rows.live()).toEqual([changed, keyOf("b")]);
    });

    it("deletes what a new sign-in pushed out with the commit that keeps it, and reads the oldest first", async () => {
      await rows.insert(keyOf("a"), []);
      for (const [index, hash] of ["z", "m", "a"].entries())
        await rows.insertSignIn(signInOf(hash, "a", index + 1), []);
      await rows.insertSignIn(signInOf("b", "a", 9), ["z", "unknown"]);
      expect(await hashes()).toEqual(["m", "a", "b"]);
      await rows.deleteSignIns(["m", "b"]);
      expect(await hashes()).toEqual(["a"]);
    });

    it("keeps no sign-in of a key that is gone, and the environment's until they expire", async () => {
      for (const id of ["kept", "revoked", "replaced"]) await rows.insert(keyOf(id), []);
      for (const keyId of ["kept", "revoked", "replaced", "environment", "never"])
        await rows.insertSignIn(signInOf(`of ${keyId}`, keyId), []);
      await rows.revoke("revoked", 5);
      await rows.insert(keyOf("new"), ["replaced"]);
      expect(await live()).toEqual(["kept", "new"]);
      expect(await hashes(999)).toEqual(["of kept", "of environment"]);
      expect(await hashes(1_000)).toEqual([]);
      // What has expired is deleted, not only left out.
      expect(await hashes(0)).toEqual([]);
    });
  });
}
