/** seedrandom's types name only its main file, which loads all seven generators; we need one. */
declare module 'seedrandom/lib/alea.js' {
  const alea: (seed: string) => () => number
  export default alea
}
