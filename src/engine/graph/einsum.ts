/** A letter for each axis. */
export type Letters = readonly string[];

/** The axes of an Einsum by letters: for each operand, and of the result. */
export interface Contraction {
  operands: Letters[];
  output: Letters;
}

const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');

/**
 * Reads the equation of an Einsum, "bhid,bhjd->bhij"; an ellipsis becomes letters of its own. Without an arrow the result has
 * the letters that occur once, in the order of the alphabet. An operand that has a letter twice gives its diagonal. Throws an error
 * where it does not fit the operands' ranks.
 */
export function parseEinsum(equation: string, ranks: readonly number[]): Contraction {
  const [left, right] = equation.replaceAll(/\s/g, '').split('->') as [string, string?];
  const given = left.split(',');
  if (given.length !== ranks.length) throw new Error(`equation ${equation} for ${ranks.length} operands`);
  const rest = given.map((part, index) => (part.includes('...') ? Math.max(0, ranks[index]! - part.length + 3) : 0));
  const longest = alphabet.filter((letter) => !equation.includes(letter)).slice(0, Math.max(...rest)).join('');
  const operands = given.map((part, index) => Array.from(part.replace('...', () => longest.slice(longest.length - rest[index]!))));
  const once = Array.from(new Set(left.replaceAll(/[.,]/g, ''))).filter((letter) => left.indexOf(letter) === left.lastIndexOf(letter)).sort().join('');
  const output = Array.from(right === undefined ? longest + once : right.replace('...', longest));
  for (const [index, operand] of operands.entries()) {
    if (operand.length !== ranks[index]) throw new Error(`equation ${equation} for an operand of ${ranks[index]!} axes`);
  }
  if (new Set(output).size !== output.length || output.some((letter) => !operands.flat().includes(letter))) throw new Error(`equation ${equation}`);
  return { operands, output };
}
