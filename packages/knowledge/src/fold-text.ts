import { asciiDigits } from './ascii-digits.ts';

/**
 * One spelling for what reads the same: case, width, digits of any script, quotes, dashes, invisible characters, and the nukta of
 * borrowed sounds (फ़ोन, फोन), which writers leave out as often as not. NFKC would go too far: it makes 102 of 10².
 */
export function foldText(text: string): string {
  const visible = text
    .normalize('NFC')
    .replaceAll(/[\uFF01-\uFFEE]+/gu, (wide) => wide.normalize('NFKC'))
    // Joiners, variation selectors, direction marks, soft hyphens.
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  return asciiDigits(visible)
    .replaceAll(/[‘’‛ʼʹ′`´]/gu, "'")
    .replaceAll(/[“”„‟″]/gu, '"')
    .replaceAll(/[‐-―−]/gu, '-')
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/(?<=[कखगजफ])\u093C+/gu, '')
    .normalize('NFC');
}
