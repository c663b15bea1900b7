// Programs with known answers, for tuning and scoring the leak detector. Each is built from a mechanism seen in public bug reports
// (leaks) or in ordinary services (healthy), and draws its rates, sizes and times from the seed, so that a detector cannot learn
// one trace by heart.
import { healthyCaches } from "./programs/healthy-caches.mjs";
import { healthyCourses } from "./programs/healthy-courses.mjs";
import { healthyLate } from "./programs/healthy-late.mjs";
import { healthyLater } from "./programs/healthy-later.mjs";
import { healthyLoad } from "./programs/healthy-load.mjs";
import { healthyOffHeap } from "./programs/healthy-off-heap.mjs";
import { healthyPools } from "./programs/healthy-pools.mjs";
import { healthyTails } from "./programs/healthy-tails.mjs";
import { keptOut } from "./programs/kept-out.mjs";
import { leaksBesideTails } from "./programs/leaks-beside-tails.mjs";
import { leaksByCourse } from "./programs/leaks-by-course.mjs";
import { leaksHidden } from "./programs/leaks-hidden.mjs";
import { leaksKept } from "./programs/leaks-kept.mjs";
import { leaksLater } from "./programs/leaks-later.mjs";
import { leaksNative } from "./programs/leaks-native.mjs";
import { leaksOffHeap } from "./programs/leaks-off-heap.mjs";
import { leaksRetained } from "./programs/leaks-retained.mjs";
import { services } from "./programs/services.mjs";
import { unseen } from "./programs/unseen.mjs";

/** The detector was tuned on these, many of them after it had been scored on them unseen. */
const tuned = {
  ...leaksKept,
  ...leaksHidden,
  ...leaksOffHeap,
  ...leaksRetained,
  ...leaksByCourse,
  ...leaksNative,
  ...healthyCaches,
  ...healthyLoad,
  ...healthyOffHeap,
  ...healthyCourses,
  ...healthyPools,
  ...leaksLater,
  ...healthyLater,
  ...healthyLate,
  ...healthyTails,
  ...leaksBesideTails,
  ...services,
};
/** These were written afterwards, and are only scored. */
const heldOut = { ...unseen, ...keptOut };

export const scenarios = { ...tuned, ...heldOut };
export const isHeldOut = (name) => name in heldOut;
