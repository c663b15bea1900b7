import { describeVectorRows } from "../../ports/vector-rows.contract.ts";
import { SqliteVectorRows } from "../sqlite/vector-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of vectors, with a Postgres server", () => {
  const storage = newStorage();
  const open = (database: PostgresDatabase) =>
    SqliteVectorRows.open(database, (error) => {
      throw error;
    });

  describeVectorRows("vectors in Postgres", async () => {
    let { rows, reopen } = await storage(open);
    return {
      rows,
      async reopen() {
        await rows.cleared();
        rows = await reopen();
        return rows;
      },
    };
  });
});
