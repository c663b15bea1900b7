/** The fewest of `count` that suffice, by bisection; all where even they do not. What suffices must not cease to when there is more. */
export function fewest(count: number, suffices: (some: number) => boolean): number {
  let enough = count;
  for (let low = 0; low < enough; ) {
    const middle = (low + enough) >> 1;
    if (suffices(middle)) enough = middle;
    else low = middle + 1;
  }
  return enough;
}
