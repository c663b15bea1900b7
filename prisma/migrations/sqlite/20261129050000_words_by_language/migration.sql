-- Words are indexed by language. Texts of earlier versions are indexed as English, and answer as they did.
ALTER TABLE "RagNamespace" ADD COLUMN "documentLanguages" TEXT NOT NULL DEFAULT 'en';
ALTER TABLE "RagNamespace" ADD COLUMN "messageLanguages" TEXT NOT NULL DEFAULT 'en';
ALTER TABLE "RagDocument" ADD COLUMN "wordsVersion" INTEGER NOT NULL DEFAULT 0;
