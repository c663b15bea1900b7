import { SqliteQuotaRows } from "../../backends/sqlite/quota-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import { NamespaceQuotas } from "../admin/namespace-quotas.ts";
import type { Core } from "./core.ts";

/** Room for all quotas there may be. */
const QUOTAS_BYTES = 10 * MIB;

/** Quotas of namespaces, which every store asks before it grows. */
export async function composeQuotas({ database, ledger, clock }: Core): Promise<NamespaceQuotas> {
  const account = ledger.open("quotas", "runtime", QUOTAS_BYTES);
  return NamespaceQuotas.open(await SqliteQuotaRows.open(database), account, clock);
}
