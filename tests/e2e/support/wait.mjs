// Waiting for conditions, never for fixed times.

/** Waits until `condition()` is truthy and answers that value. Throws what `condition` throws. */
export async function waitFor(condition, milliseconds = 10_000, what = condition.toString(), step = 15) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`);
    await pause(step);
  }
}

/** For load generators and scripted receivers only; tests wait for conditions. */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
