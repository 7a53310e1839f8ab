import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(js.configs.recommended, tseslint.configs.recommendedTypeChecked, {
  files: ['src/**/*.ts', 'tests/**/*.ts'],
  languageOptions: { parserOptions: { projectService: true } },
  // Lumino's signals take the method and what it belongs to, side by side.
  rules: { '@typescript-eslint/unbound-method': 'off' }
});
