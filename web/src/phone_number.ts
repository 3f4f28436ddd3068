// Phone numbers as people type and paste them. This is the one rule for all fields; the server's is the same
// (src/model/number.hpp).

import { isolated } from './direction';

/** Digits of other scripts that phones write numbers with; full-width ones fall under NFKC. */
const otherDigits = /[\u0660-\u0669\u06F0-\u06F9]/g;

/** Without what only makes a number easier to read: spaces, dashes, dots, slashes, parentheses, `tel:`, invisible characters. */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(otherDigits, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf))
    .trim()
    .replace(/^tel:([^;]*).*$/is, '$1')
    .replace(/[\s().\/\p{Pd}\u2212]/gu, '');
}

export interface ReadNumber {
  /** In E.164 form; undefined where the text is none. */
  number?: string;
  /** What keeps a text that is meant as a number from being one. */
  problem?: string;
}

/** What a text is as a phone number. A text that is not meant as one has neither number nor problem. */
export function readNumber(text: string): ReadNumber {
  const digits = bare(text);
  if (/^\+\d{3,15}$/.test(digits)) {
    if (/\(\s*0+\s*\)/.test(text.normalize('NFKC'))) return { problem: 'has a (0), which is dialed only within the country: leave it out' };
    return { number: digits };
  }
  if (/^\+\d*$/.test(digits)) return { problem: 'is not a phone number: a + is followed by 3 to 15 digits' };
  if (/^00[1-9]\d+$/.test(digits)) return { problem: 'has no country code: write it with a +, as in +12025550143, not with 00' };
  if (/^\d{3,}$/.test(digits)) return { problem: 'has no country code: write it as in +12025550143' };
  return {};
}

/** In E.164 form where it is a phone number; else as it was typed. */
export const asNumber = (text: string) => readNumber(text).number ?? text.trim();

/** The digits of a text that has nothing else but what numbers are written with; '' for others. */
export function digitsIn(text: string): string {
  const digits = bare(text);
  return /^\+?\d+$/.test(digits) ? digits : '';
}

/** What to search for: a phone number in the form in which events have it, else the text without invisible characters. */
export const searchTerm = (text: string) => readNumber(text).number ?? text.replace(/[\p{Cc}\p{Cf}]/gu, '').trim();

/** Numbers between commas, semicolons or line breaks; a space separates two where the second begins with a +. */
export function numbersIn(text: string): string[] {
  return text.split(/[,;\n]+|\s+(?=[^\d\s]{0,4}[+\uFF0B]|tel:)/i).map((item) => item.trim()).filter((item) => item !== '');
}

/** What is wrong with the first of several numbers that is none; undefined where all are fine. */
export function problemIn(texts: string[]): string | undefined {
  for (const text of texts) {
    const { number, problem } = readNumber(text);
    if (number === undefined) return `“${isolated(text)}” ${problem ?? 'is not a phone number'}.`;
  }
  return undefined;
}

const numberMember = /^(?:caller|callee|sender|receiver)_number$/;

/** Is a member of events a phone number, judging by its name and an example? */
export const isNumberMember = (name: string, example: unknown) =>
  numberMember.test(name) || (typeof example === 'string' && /^\+\d{7,15}$/.test(example));

/** An event's JSON with the phone numbers of its own members in E.164 form; all else stays as it is written. */
export function withNumbers(json: string): string {
  let depth = 0;
  let member = '';
  let isValue = false;
  return json.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, (token) => {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.startsWith('"')) {
      const text = JSON.parse(token) as string;
      if (isValue && numberMember.test(member)) {
        const { number } = readNumber(text);
        return number === undefined ? token : JSON.stringify(number);
      }
      member = text;
    } else if (depth === 1) isValue = token === ':';
    return token;
  });
}
