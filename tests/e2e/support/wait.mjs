// Waiting for conditions, never for fixed times.

/** How many times slower than usual the binary may be: SLOWER=5 for one with sanitizers. */
export const slower = Number(process.env.SLOWER ?? 1);

/** Waits until `condition()` is truthy and answers that value. Throws what `condition` throws. */
export async function waitFor(condition, milliseconds = 10_000, what = condition.toString(), step = 15) {
  const deadline = Date.now() + milliseconds * slower;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds * slower} ms in vain for ${what}`);
    await pause(step);
  }
}

/** For load generators and scripted receivers only; tests wait for conditions. */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
