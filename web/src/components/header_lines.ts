/** One line for each header, and for each value where a header has several. */
export const headerLines = (headers: Record<string, string | string[] | undefined>) =>
  Object.entries(headers).flatMap(([name, values]) => [values ?? []].flat().map((value) => `${name}: ${value}`)).join('\n');
