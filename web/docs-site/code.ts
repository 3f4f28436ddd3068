// Blocks of code, coloured when the site is built, so that pages need no script for it.

import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import nginx from 'highlight.js/lib/languages/nginx';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';

import { escaped } from './html.ts';

const languages = { bash, cpp, csharp, go, ini, java, javascript, json, nginx, php, python, ruby, typescript, xml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(['mjs'], { languageName: 'javascript' });

/** label: what it is code of, for those who hear the page. Blocks scroll, so the keyboard must be able to get there. */
export function codeBlock(code: string, language: string | undefined, label: string): string {
  const text = code.replace(/\n$/, '');
  const coloured = language && hljs.getLanguage(language) ? hljs.highlight(text, { language }).value : escaped(text);
  return `<div class="code"><pre tabindex="0" role="group" aria-label="${escaped(label)}"><code>${coloured}</code></pre></div>\n`;
}
