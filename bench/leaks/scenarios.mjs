// Programs with known answers, for tuning and scoring the leak detector. Each is built from a mechanism seen in public bug reports
// (leaks) or in ordinary services (healthy), and draws its rates, sizes and times from the seed, so that a detector cannot learn
// one trace by heart.
import { healthyCaches } from "./programs/healthy-caches.mjs";
import { healthyCourses } from "./programs/healthy-courses.mjs";
import { healthyLoad } from "./programs/healthy-load.mjs";
import { healthyOffHeap } from "./programs/healthy-off-heap.mjs";
import { healthyPools } from "./programs/healthy-pools.mjs";
import { leaksByCourse } from "./programs/leaks-by-course.mjs";
import { leaksHidden } from "./programs/leaks-hidden.mjs";
import { leaksKept } from "./programs/leaks-kept.mjs";
import { leaksNative } from "./programs/leaks-native.mjs";
import { leaksOffHeap } from "./programs/leaks-off-heap.mjs";
import { leaksRetained } from "./programs/leaks-retained.mjs";

/** The detector was tuned on these. */
const tuned = { ...leaksKept, ...leaksHidden, ...leaksOffHeap, ...healthyCaches, ...healthyLoad, ...healthyOffHeap };
/** These were written afterwards, and are only scored. */
const heldOut = { ...leaksRetained, ...leaksByCourse, ...leaksNative, ...healthyCourses, ...healthyPools };

export const scenarios = { ...tuned, ...heldOut };
export const isHeldOut = (name) => name in heldOut;
