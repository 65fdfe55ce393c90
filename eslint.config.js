import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'
import reactHooks from 'eslint-plugin-react-hooks'

export default defineConfig(
  globalIgnores([
    '.cache',
    'out',
    'dist',
    'node_modules',
    '.venv',
    'test/fixtures',
    'resources',
    '**/*.mjs',
    '*.js',
  ]),
  tseslint.configs.recommendedTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // The layer rule for one module: only the Electron host may know Electron.
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'electron',
              message: 'Only src-main/hosts/electron and src-preload/bridge.ts may import electron.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src-main/hosts/electron/**', 'src-preload/bridge.ts', 'test/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['src-main/hosts/cli/**', 'src-main/hosts/web/main.ts', 'packaging/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  // tests import by value things that the type system cannot see through (JSON read from disk)
  { files: ['test/**'], rules: { '@typescript-eslint/require-await': 'off' } },
  { files: ['src-renderer/**'], ...reactHooks.configs.flat['recommended-latest'] },
  // warns that React Compiler skips a component with a virtualised list; the compiler is not used here
  { files: ['src-renderer/**'], rules: { 'react-hooks/incompatible-library': 'off' } },
)
