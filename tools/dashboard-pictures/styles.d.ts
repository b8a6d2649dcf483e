/** Bundled beside the page. */
declare module '*.css';
