// What a program with a known answer is: `setup` builds it from the helpers `h` and the seed and returns its tick,
// which may return the load (1 unless it says so); `onset` is the sample at which a leak begins.
export const leak = (channel, culprit, setup, onset = () => 0) => ({ label: "leak", channel, culprit, setup, onset });
export const healthy = (setup) => ({ label: "ok", channel: null, culprit: [], setup, onset: () => null });

/** A tick that makes its garbage, and then does the same so many times. */
export const each = (h, times, act) => () => {
  h.churn();
  for (let k = 0; k < times; k++) act(k);
};

/** A day curve between 0 and 2. */
export const day =
  (h, cycles, phase = -0.25) =>
  (i) =>
    1 + Math.sin(2 * Math.PI * (cycles * h.fraction(i) + phase));
