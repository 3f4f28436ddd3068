/** JSON as it reads best. Only the space between its parts is changed: numbers and strings stay as they were written. */
export function indentedJson(json: string): string {
  try {
    JSON.parse(json);
  } catch {
    return json;  // a form, or text
  }
  const out: string[] = [];
  let depth = 0;
  let before = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g)) {
    const opened = before === '{' || before === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    if (closes ? !opened : opened || before === ',') out.push('\n', '  '.repeat(depth));
    out.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return out.join('');
}
