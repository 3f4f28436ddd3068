// Text from elsewhere within a text of Limehook's: scripts that are written from right to left, and marks that steer the
// direction, must not turn what stands around them (Unicode Standard Annex #9). What has an element of its own is kept
// apart by its style or by <bdi>; here is what titles, labels for screen readers, toasts and options need.
// src/base/text_direction.hpp is the same for the server.

const fromRight = /[\u0590-\u08FF\u200F\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
const marks = /[\u202A-\u202E\u2066-\u2069]/;

/** Can `text` change the direction of what stands around it? */
export const turnsText = (text: string) => fromRight.test(text) || marks.test(text);

const first = '\u2068';  // FIRST STRONG ISOLATE
const end = '\u2069';  // POP DIRECTIONAL ISOLATE

function isolatedLine(text: string): string {
  const characters = [...text];
  const open: number[] = [];  // isolates that have not ended
  let turns = false;
  characters.forEach((character, index) => {
    if (/[\u2066-\u2068]/.test(character)) open.push(index);
    if (/[\u202A-\u202E]/.test(character) || (character === end && open.pop() === undefined)) characters[index] = '';
    turns ||= open.length === 0 && fromRight.test(character);
  });
  // Without its end an isolate holds nothing.
  if (open[0] !== undefined) turns ||= fromRight.test(characters.slice(open[0]).join(''));
  for (const index of open) characters[index] = '';
  return turns ? `${first}${characters.join('')}${end}` : characters.join('');
}

/**
 * `text` so that its direction stays its own: each of its lines between marks that isolate it where it has letters that are
 * written from right to left, without marks that would have an effect beyond it.
 */
export const isolated = (text: string): string => (turnsText(text) ? text.split(/([\n\u2029])/).map(isolatedLine).join('') : text);
