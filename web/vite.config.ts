import { defineConfig } from 'vite';

import { docsSite } from './docs-site/plugin.ts';

// Everything becomes a file of its own: the pages' Content-Security-Policy knows no inline scripts, styles or fonts.
// `npm run dev` serves the pages with what the server at its default address answers.
export default defineConfig({
  plugins: [docsSite()],
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Libraries mark files for servers that render React; there is none here.
    rollupOptions: { onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning) },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080' }, fs: { allow: ['..'] } },
});
