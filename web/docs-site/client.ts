// What a script adds to the pages of the docs, which read well without: buttons that copy, and the search.

type Entry = [address: string, title: string, page: string, text: string];

for (const block of document.querySelectorAll('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector('code')?.textContent ?? '');
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied';  // the browser allows it over https and on this machine only
    }
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  });
  block.append(button);
}

// A place within closed details is shown when a link leads there.
const reveal = () => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest('details')?.setAttribute('open', '');
addEventListener('hashchange', reveal);
reveal();

/** The better, the higher; 0 for what does not have all words. */
function score([address, title, page, text]: Entry, words: string[]): number {
  let sum = 0;
  for (const word of words) {
    const points = [[title, 10], [address, 4], [page, 3], [text, 1]] as const;
    const found = points.reduce((total, [place, weight]) => {
      const at = place.toLowerCase().indexOf(word);
      return at < 0 ? total : total + weight * (at === 0 ? 2 : 1);
    }, 0);
    if (found === 0) return 0;
    sum += found;
  }
  return sum;
}

const search = document.querySelector<HTMLElement>('.search');
const input = search?.querySelector('input');
const message = search?.querySelector('p');
const list = search?.querySelector('ul');
if (search && input && message && list) {
  search.hidden = false;
  let index: Promise<Entry[]> | undefined;

  const show = async () => {
    const words = input.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
    index ??= fetch(search.dataset['index'] ?? '').then((answer) => answer.json() as Promise<Entry[]>);
    let entries: Entry[];
    try {
      entries = await index;
    } catch {
      index = undefined;
      message.textContent = 'The search cannot be loaded. Is the server running?';
      return;
    }
    const found = words.length === 0 ? [] : entries.map((entry) => ({ entry, points: score(entry, words) }))
      .filter(({ points }) => points > 0).sort((a, b) => b.points - a.points).slice(0, 12);
    list.replaceChildren(...found.map(({ entry: [address, title, page] }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = address;
      link.textContent = title;
      if (page) link.append(Object.assign(document.createElement('span'), { className: 'hint', textContent: ` ${page}` }));
      item.append(link);
      return item;
    }));
    message.textContent = words.length === 0 ? '' : found.length === 0 ? 'Nothing found. Try fewer or other words.' : `${found.length} found`;
    search.classList.toggle('search-open', words.length > 0);
  };

  input.addEventListener('input', show);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      input.value = '';
      input.focus();
      void show();
    } else if (event.key === 'Enter' && event.target === input) {
      list.querySelector('a')?.click();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const stops = [input, ...list.querySelectorAll('a')];
      const at = stops.indexOf(document.activeElement as HTMLInputElement) + (event.key === 'ArrowDown' ? 1 : -1);
      stops[at]?.focus();
      event.preventDefault();
    }
  });
  list.addEventListener('click', () => search.classList.remove('search-open'));
}
