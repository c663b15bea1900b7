import { describeQuotaRows } from "../testing/quota-rows.suite.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of quotas, with a Postgres server", () => {
  const storage = newStorage();

  describeQuotaRows("quotas in Postgres", async () => {
    const { rows: database } = await storage((opened) => opened);
    return { database, close: async () => undefined };
  });
});
