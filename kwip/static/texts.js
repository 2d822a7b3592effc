// The texts of scripts in the language of the page; pages load them before, if it is not
// English.

const { texts, plural } = globalThis.kwipTexts ?? { texts: {}, plural: (n) => Number(n !== 1) };
