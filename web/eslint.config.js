import lit from 'eslint-plugin-lit';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'eslint.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  lit.configs['flat/recommended'],
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A class without fields of its own is how an error gets a name.
      '@typescript-eslint/no-extraneous-class': 'off',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'What people and servers write is never parsed as HTML.' },
        { property: 'outerHTML', message: 'What people and servers write is never parsed as HTML.' },
        { property: 'insertAdjacentHTML', message: 'What people and servers write is never parsed as HTML.' },
      ],
      'no-restricted-imports': ['error', { paths: ['lit/directives/unsafe-html.js', 'lit/directives/unsafe-svg.js'] }],
    },
  },
);
