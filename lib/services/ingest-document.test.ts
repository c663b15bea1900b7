import { expect, it, vi } from "vitest";
import type { QuotaGate } from "../ports/namespace-quotas.ts";
import { AppError } from "../shared/errors.ts";
import { DocumentIngest } from "./ingest-document.ts";
import type { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";

const DOCUMENT = { id: "d", text: "text", source: "s", page: null, language: null, metadata: {} };

it("does not begin to embed a new document where its namespace has no room at all, and counts once before it says so", async () => {
  const recount = vi.fn(async () => false);
  const gate = { fits: () => false, exceeded: () => new AppError("quota-exceeded", "full"), recount };
  const require = vi.fn();
  const parts = { documents: { find: async () => null }, quotas: { of: () => gate as unknown as QuotaGate } };
  const ingest = new DocumentIngest(parts as unknown as RagParts, { require } as unknown as ModelAgreement);
  const put = ingest.put("n", { ...DOCUMENT, chunking: { size: 10, overlap: 0 } }, null);
  await expect(put).rejects.toMatchObject({ code: "quota-exceeded", status: 507 });
  expect([recount.mock.calls.length, require.mock.calls.length]).toEqual([1, 0]);
});
