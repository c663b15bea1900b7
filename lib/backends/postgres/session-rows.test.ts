import { describeSessionRows } from "../../ports/session-rows.contract.ts";
import { createSessionRows } from "../sqlite/session-rows.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of sessions, with a Postgres server", () => {
  const storage = newStorage();

  describeSessionRows("session rows in Postgres", () =>
    storage((database) => createSessionRows(database, { maxBytes: () => 2 ** 30 })),
  );
});
