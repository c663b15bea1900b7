/** What the exact cache takes for the same question: Unicode composed, white space single, letters folded if the model folds them. */
export function normalizeQuestion(question: string, foldsCase: boolean): string {
  const plain = question.normalize("NFC").replace(/\s+/gu, " ").trim();
  return foldsCase ? plain.toLowerCase() : plain;
}

/** JSON with sorted keys, so that two objects that say the same give the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}
