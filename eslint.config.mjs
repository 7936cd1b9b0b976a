import eslint from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** The walls between the processes, as rules: a pattern that a folder's files may not import, and why. */
const wall = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
const noVscode = { regex: '^vscode$', message: 'Only src/extension talks to VS Code.' };

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.e2e/', 'examples/workspace/', 'src/engine/**/*_pb.ts'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs'] }, tsconfigRootDir: import.meta.dirname },
      globals: globals.node,
    },
    rules: {
      'no-empty': ['error', { allowEmptyCatch: false }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  { files: ['**/*.mjs', '**/*.cjs', '**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  { files: ['test/**'], rules: { '@typescript-eslint/no-unused-expressions': 'off' } },
  wall(['src/*.ts', 'test/unit/**', 'test/worker/**', 'bench/**', 'examples/**'], [noVscode]),
  wall(['src/engine/**'], [noVscode, { regex: '/(extension|worker|cli|protocol)(/|\\.ts$)', message: 'The engine knows neither the processes nor their messages.' }]),
  wall(['src/extension/**'], [{ regex: 'engine/(?!results|options|job)', message: 'The extension host runs no model and decodes no picture: ask the worker.', allowTypeImports: true }]),
  { files: ['webview-ui/**'], rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex: '^\\.\\./.*src/(?!translation/|modelName\\.ts$)', message: 'The webview imports types only, the translation of sentences, and what models are called.', allowTypeImports: true }] }] } },
);
