/** Words of one language, as the build makes them of a file with both. */
declare module "*?en" {
  const words: object;
  export { words };
}
declare module "*?zh-CN" {
  const words: object;
  export { words };
}
