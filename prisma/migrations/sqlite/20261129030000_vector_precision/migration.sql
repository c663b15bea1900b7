-- What was called float16 is 16 bits a value on the vector's own scale: it is called int16 now, and float16 is IEEE half.
-- A call that names float16, as it did when the collection was made, goes on confirming it.
ALTER TABLE "VectorCollection" ADD COLUMN "formerPrecision" TEXT;
-- How far what is stored lies from what was sent: vectors measured, and of their values the sum and the largest of the differences.
ALTER TABLE "VectorCollection" ADD COLUMN "measured" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "VectorCollection" ADD COLUMN "errorSum" REAL NOT NULL DEFAULT 0;
ALTER TABLE "VectorCollection" ADD COLUMN "errorMax" REAL NOT NULL DEFAULT 0;
-- One vector in 2^sentShift is kept as it was sent.
ALTER TABLE "VectorCollection" ADD COLUMN "sentShift" INTEGER NOT NULL DEFAULT 0;
UPDATE "VectorCollection" SET "precision" = 'int16', "formerPrecision" = 'float16' WHERE "precision" = 'float16';

-- CreateTable
CREATE TABLE "VectorSent" (
    "row" INTEGER NOT NULL PRIMARY KEY,
    "collectionId" INTEGER NOT NULL,
    "vector" BLOB NOT NULL
);

-- CreateIndex
CREATE INDEX "VectorSent_collectionId_idx" ON "VectorSent"("collectionId");
