-- Documents of one source, and lists in the order of a figure.
-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_source_idx" ON "RagDocument"("namespaceId", "source");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_updatedAtMs_name_idx" ON "RagDocument"("namespaceId", "updatedAtMs", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_createdAtMs_name_idx" ON "RagDocument"("namespaceId", "createdAtMs", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_characters_name_idx" ON "RagDocument"("namespaceId", "characters", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_chunkCount_name_idx" ON "RagDocument"("namespaceId", "chunkCount", "name");
