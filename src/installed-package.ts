/**
 * Loads a package that few need, and only at once where it is needed: `import()` would be too late. Bundlers do not see
 * it, as they would end, or warn everybody, where it is not installed. So it has to lie beside a bundle.
 *
 * @throws an error with the code `MODULE_NOT_FOUND` where it is not installed.
 */
export function loadInstalled(name: string): unknown {
  // Not imported: webpack follows what an imported `createRequire` makes.
  const { createRequire } = process.getBuiltinModule('node:module');
  return createRequire(import.meta.url)(name);
}
