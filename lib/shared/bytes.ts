export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Bytes for people: MiB with one decimal below 100, GiB from 10 GiB; "0 B" and KiB below half a MiB. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < KIB) return `${Math.round(bytes)} B`;
  if (size < MIB / 2) return `${(bytes / KIB).toFixed(size < 100 * KIB ? 1 : 0)} KiB`;
  if (size < 100 * MIB) return `${(bytes / MIB).toFixed(1)} MiB`;
  if (size < 10 * GIB) return `${Math.round(bytes / MIB).toLocaleString("en-US")} MiB`;
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
