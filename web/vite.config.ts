import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Two builds into one folder: the chat as one module that any site can embed, and what our own pages load. */
export default defineConfig(({ mode }) => ({
  base: './',
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    emptyOutDir: mode === 'widget',
    assetsInlineLimit: 0,
    rolldownOptions:
      mode === 'widget'
        ? {
            input: { widget: here('widget/index.ts') },
            output: { format: 'es', entryFileNames: '[name].js' },
          }
        : {
            input: { site: here('site/site.ts'), style: here('site/site.css') },
            output: {
              format: 'es',
              entryFileNames: '[name].js',
              assetFileNames: (asset) => (asset.names.some((name) => name.endsWith('.css')) ? 'site.css' : 'fonts/[name][extname]'),
            },
          },
  },
  test: { environment: 'happy-dom', include: ['{widget,shared,site}/**/*.test.ts'] },
}));
