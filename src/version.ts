/** The version of stsim, as in package.json (test/version.test.ts holds them together): below the command line no file is read. */
export const version = '0.1.0'
