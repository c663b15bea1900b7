export interface ReadSome {
  bytes: Uint8Array;
  /** True when the answer goes on after them. */
  cut: boolean;
}

/** The first bytes of an answer, however long it is: the rest is not fetched. */
export async function readSome(response: Response, mostBytes: number): Promise<ReadSome> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let held = 0;
  while (reader && held <= mostBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    held += value.byteLength;
  }
  const cut = held > mostBytes;
  if (cut) await reader?.cancel();
  const bytes = new Uint8Array(Math.min(held, mostBytes));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at = Math.min(bytes.length, at + chunk.byteLength);
  }
  return { bytes, cut };
}
