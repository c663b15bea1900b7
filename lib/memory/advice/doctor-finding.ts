import type { Recommendation } from "../../contracts/memory.ts";

type Finding = Omit<Recommendation, "setting"> & { setting?: Recommendation["setting"] };

/** A finding; most advise no setting. */
export function found(finding: Finding): Recommendation {
  return { setting: null, ...finding };
}

export const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
