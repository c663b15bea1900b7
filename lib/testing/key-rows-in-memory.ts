import type { KeyRow, KeyRows, SignInRow } from "../ports/admin-rows.ts";

/** Rows of keys and sign-ins without a database. Each write takes a turn of the loop, as one on disk would. */
export function memoryKeyRows() {
  const keys: KeyRow[] = [];
  let signIns: SignInRow[] = [];
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const revoke = (ids: readonly string[]) => {
    for (const id of ids) {
      const at = keys.findIndex((key) => key.id === id);
      if (at !== -1) keys.splice(at, 1);
    }
    signIns = signIns.filter(({ keyId }) => !ids.includes(keyId));
  };
  const rows: KeyRows = {
    live: async () => [...keys],
    async insert(row, ended) {
      await turn();
      revoke(ended);
      keys.push(row);
    },
    async update(row, endsSignIns) {
      await turn();
      const at = keys.findIndex(({ id }) => id === row.id);
      if (at !== -1) keys[at] = row;
      if (endsSignIns) signIns = signIns.filter(({ keyId }) => keyId !== row.id);
    },
    async revoke(id) {
      await turn();
      revoke([id]);
    },
    async signIns(nowMs) {
      const isKnown = (keyId: string) => keyId === "environment" || keys.some(({ id }) => id === keyId);
      signIns = signIns.filter(({ keyId, expiresAtMs }) => expiresAtMs > nowMs && isKnown(keyId));
      return [...signIns];
    },
    async insertSignIn(row, ended) {
      await turn();
      signIns = [...signIns.filter(({ tokenHash }) => !ended.includes(tokenHash)), row];
    },
    async deleteSignIns(hashes) {
      await turn();
      signIns = signIns.filter(({ tokenHash }) => !hashes.includes(tokenHash));
    },
  };
  return { rows, keys, signIns: () => signIns };
}
