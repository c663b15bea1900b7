-- What namespaces may keep; NULL is without a bound.
CREATE TABLE "NamespaceQuota" (
    "namespace" TEXT NOT NULL PRIMARY KEY,
    "maxBytes" BIGINT,
    "maxItems" BIGINT,
    "version" INTEGER NOT NULL
);

-- What those with a quota do keep, for each table and collection. While there are quotas, triggers count
-- (lib/backends/sqlite/quota-triggers.ts); without any, there are none, and writes cost what they did.
-- Rows up to "countedTo" are in the figures, later ones are yet to be counted.
CREATE TABLE "NamespaceUsage" (
    "source" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "items" BIGINT NOT NULL,
    "countedTo" BIGINT NOT NULL,

    PRIMARY KEY ("source", "namespace")
);
CREATE INDEX "NamespaceUsage_namespace_idx" ON "NamespaceUsage"("namespace");
