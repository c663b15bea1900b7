-- CreateTable
CREATE TABLE "SessionUses" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "uses" TEXT NOT NULL
);
