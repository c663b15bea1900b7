import type { PassageVector, PassageVectorSource } from "../ports/passage-vectors.ts";

/** The database's part of an index of passages: rows by scope, in the order of their ids, which whoever writes them gives. */
export class PassageVectorsInMemory implements PassageVectorSource {
  readonly scopes = new Map<string, PassageVector[]>();

  of(scope: string): PassageVector[] {
    const rows = this.scopes.get(scope) ?? [];
    this.scopes.set(scope, rows);
    return rows;
  }

  async page(scope: string, afterId: number, limit: number): Promise<PassageVector[]> {
    return this.of(scope)
      .filter(({ id }) => id > afterId)
      .slice(0, limit);
  }

  async byId(scope: string, ids: readonly number[]): Promise<PassageVector[]> {
    return this.of(scope).filter(({ id }) => ids.includes(id));
  }
}
