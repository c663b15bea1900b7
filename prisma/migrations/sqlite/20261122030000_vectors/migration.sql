-- CreateTable
CREATE TABLE "VectorCollection" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "dimensions" INTEGER NOT NULL,
    "metric" TEXT NOT NULL,
    "precision" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "VectorPoint" (
    "row" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "collectionId" INTEGER NOT NULL,
    "pointId" TEXT NOT NULL,
    "metadata" TEXT,
    "vector" BLOB NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "VectorCollection_namespace_name_key" ON "VectorCollection"("namespace", "name");

-- CreateIndex
CREATE INDEX "VectorPoint_collectionId_idx" ON "VectorPoint"("collectionId");

-- CreateIndex
CREATE UNIQUE INDEX "VectorPoint_collectionId_pointId_key" ON "VectorPoint"("collectionId", "pointId");

