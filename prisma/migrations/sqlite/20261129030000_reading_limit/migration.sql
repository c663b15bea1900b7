-- How many tokens a document's chunks were cut for; 0: by an earlier version, which did not look.
ALTER TABLE "RagDocument" ADD COLUMN "readingLimit" INTEGER NOT NULL DEFAULT 0;
